import MCMemory
import Testing

@Suite(.timeLimit(.minutes(3)))
struct FrameTests {
    @Test func isOneCacheLine() {
        #expect(MemoryLayout<Frame>.size == 64)
        #expect(MemoryLayout<Frame>.stride == 64)
    }

    @Test(arguments: [0, 1, 16, 17, 32, 33, 55, 56, 57, 64, 200, 100_000])
    func copies(count: Int) {
        let bytes = pattern(count)
        let frame = Frame(bytes)
        #expect(frame.count == count)
        let (isEmpty, isSlice, hasMore) = (frame.isEmpty, frame.isSlice, frame.hasMore)
        #expect(isEmpty == (count == 0))
        #expect(isSlice == (count > Frame.inlineCapacity))
        #expect(!hasMore)
        #expect(frame.array == bytes)
        let isEqual = frame.withUnsafeBytes { $0.elementsEqual(bytes) }
        #expect(isEqual)
        let span = frame.bytes
        #expect(span.byteCount == count)
        for index in stride(from: 0, to: count, by: max(1, count / 50)) {
            #expect(span.unsafeLoad(fromByteOffset: index, as: UInt8.self) == bytes[index])
        }
        #expect(bytes.withUnsafeBytes { Frame(copying: $0).array } == bytes)
        let ofSpan = Frame(span).array
        #expect(ofSpan == bytes)
    }

    @Test func texts() {
        #expect(Frame("").array == [])
        #expect(Frame("grüße").string == "grüße")
        let long = String(repeating: "λ", count: 500)
        #expect(Frame(long).string == long)
        #expect(Frame([0xff, 0xfe]).string == nil)
    }

    @Test(arguments: [0, 1, 56, 57, 5000])
    func filling(count: Int) throws {
        let bytes = pattern(count)
        let frame = Frame(count: count) { buffer in
            #expect(buffer.count == count)
            buffer.copyBytes(from: bytes)
        }
        #expect(frame.array == bytes)
    }

    @Test func anErrorWhileFilling() {
        struct Failure: Error {}
        #expect(throws: Failure.self) {
            _ = try Frame(count: 5000) { _ throws(Failure) in throw Failure() }
        }
    }

    /// A copy shares the block, which lives as long as one of them.
    @Test func copying() {
        let releases = Releases()
        do {
            let frame = adoptedFrame(releases)
            let copy = frame.copy()
            #expect(copy.array == frame.array)
            let addresses = (
                copy.withUnsafeBytes { $0.baseAddress }, frame.withUnsafeBytes { $0.baseAddress }
            )
            #expect(addresses.0 == addresses.1)
            consume(frame)
            #expect(releases.count == 0)
            #expect(copy.array == pattern(100))
        }
        #expect(releases.count == 1)
        let small = Frame([1, 2, 3])
        #expect(small.copy().array == [1, 2, 3])
        var more = Frame([1])
        more.hasMore = true
        let hasMore = more.copy().hasMore
        #expect(hasMore)
    }

    private func consume(_ frame: consuming Frame) {}

    @Test func slices() {
        let releases = Releases()
        do {
            let frame = adoptedFrame(releases, count: 300)
            let slice = frame.slice(10..<290)
            consume(frame)
            #expect(slice.array == Array(pattern(300)[10..<290]))
            let inner = slice.slice(5..<6)
            consume(slice)
            #expect(releases.count == 0)
            #expect(inner.array == [pattern(300)[15]])
            for empty in [0..<0, 1..<1] {
                let bytes = inner.slice(empty).array
                #expect(bytes == [])
            }
        }
        #expect(releases.count == 1)
        let small = Frame(pattern(50))
        for range in [0..<50, 20..<30] {
            let bytes = small.slice(range).array
            #expect(bytes == Array(pattern(50)[range]))
        }
    }

    @Test func equalContents() {
        func areEqual(_ a: [UInt8], _ b: [UInt8]) -> Bool { Frame(a).contentEquals(Frame(b)) }
        #expect(areEqual([1, 2], [1, 2]))
        #expect(!areEqual([1, 2], [1, 3]))
        #expect(!areEqual([1, 2], [1, 2, 3]))
        #expect(areEqual([], []))
        #expect(areEqual(pattern(1000), pattern(1000)))
    }

    /// The fast copy for small payloads takes exactly what it is told.
    @Test func smallCopies() {
        let source = pattern(64)
        source.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            for count in 0...56 {
                let frame = Frame(copyingSmall: base, count: count)
                #expect(frame.array == Array(source[..<count]))
            }
        }
    }

    @Test func adopting() {
        let releases = Releases()
        do {
            let block = adoptedBlock(releases, count: 8)
            block.retain()
            let memory = UnsafeRawBufferPointer(start: block.payload, count: 8)
            let frame = Frame(adopting: memory) {
                releases.add()
                block.release()
            }
            let address = frame.withUnsafeBytes { $0.baseAddress }
            #expect(address == UnsafeRawPointer(block.payload))
            let copy = frame.copy()
            consume(frame)
            #expect(releases.count == 0)
            #expect(copy.array == pattern(8))
            block.release()
        }
        #expect(releases.count == 2)
    }

    // MARK: Misuse

    @Test func slicingOutOfBounds() async {
        await #expect(processExitsWith: .failure) { _ = Frame([1, 2, 3]).slice(1..<4) }
        await #expect(processExitsWith: .failure) { _ = Frame(pattern(100)).slice(-1..<4) }
    }

    @Test func negativeCount() async {
        await #expect(processExitsWith: .failure) { _ = Frame(count: -1) { _ in } }
    }
}
