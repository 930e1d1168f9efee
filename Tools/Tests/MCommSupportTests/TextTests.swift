import MCommSupport
import Testing

@Suite struct `Text` {
    @Test(arguments: [
        (0.0, 3, "0.000"), (1.0005, 2, "1.00"), (12345.678, 1, "12345.7"), (-2.5, 0, "-2"),
    ])
    func `decimals as C writes them`(number: Double, digits: Int, text: String) {
        #expect(number.fixed(digits) == text)
    }

    @Test(arguments: [(17, "17 B"), (1500, "1.5 kB"), (2_400_000_000, "2.4 GB")])
    func `sizes for people`(count: Int, text: String) {
        #expect(ByteCount.text(count) == text)
    }

    @Test func `a table is aligned and has no blanks at line ends`() {
        var table = TextTable([("name", .left), ("n", .right), ("note", .left)])
        table.append(["a", "10", "x"])
        table.append(["long name", "1"])
        #expect(
            table.lines == [
                "name        n  note",
                "---------  --  ----",
                "a          10  x",
                "long name   1",
            ])
    }

    @Test func `lines survive any cut of the stream`() {
        let stream = Array("one\n\ntwo\r\nlast".utf8)
        for cut in 0...stream.count {
            var buffer = LineBuffer()
            var lines: [[UInt8]] = []
            for part in [stream[..<cut], stream[cut...]] {
                buffer.append(part)
                while let line = buffer.next() { lines.append(line) }
            }
            if let rest = buffer.rest() { lines.append(rest) }
            #expect(lines == ["one", "", "two\r", "last"].map { Array($0.utf8) })
        }
    }

    @Test func `messages in every format`() {
        let frames: [[UInt8]] = [Array("a\"é\n".utf8), [], [0xFF, 0, 1]]
        #expect(MessageFormat.raw.bytes(frames) == frames.flatMap { $0 })
        #expect(MessageFormat.lines.bytes(frames) == frames[0] + [9, 9] + frames[2] + [10])
        let json = String(decoding: MessageFormat.json.bytes(frames), as: UTF8.self)
        #expect(json == "{\"frames\":[\"a\\\"é\\n\",\"\",{\"base64\":\"/wAB\"}]}\n")
        let dump = String(
            decoding: MessageFormat.multipart.bytes([[104, 105], [1]]), as: UTF8.self)
        #expect(dump == String(repeating: "-", count: 40) + "\n[002] hi\n[001] 01\n")
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
    ])
    func `Base64 by the vectors of RFC 4648`(text: String, encoded: String) {
        let bytes: [UInt8] = [0xFF] + Array(text.utf8)
        // A leading 0xFF makes the bytes no UTF-8; it shifts the vector, so compare by decoding.
        #expect(JSONText.bytes(Array(text.utf8)) == "\"\(text)\"")
        #expect(JSONText.bytes(bytes).hasPrefix("{\"base64\":\"/"))
        #expect(JSONText.base64(Array(text.utf8)) == encoded)
    }
}

@Suite struct `The measuring tools' lines` {
    @Test func `they are libzmq's own`() {
        #expect(
            PerfReport.latencyHeader(size: 30, roundtrips: 1000)
                == ["message size: 30 [B]", "roundtrip count: 1000"])
        #expect(
            PerfReport.latency(nanoseconds: 61_728_000, roundtrips: 1000)
                == "average latency: 30.864 [us]")
        #expect(
            PerfReport.throughputHeader(size: 64, count: 1_000_000)
                == ["message size: 64 [B]", "message count: 1000000"])
        #expect(
            PerfReport.throughput(size: 64, count: 1_000_000, nanoseconds: 500_000_000)
                == ["mean throughput: 2000000 [msg/s]", "mean throughput: 1024.000 [Mb/s]"])
    }
}
