import Glibc
import MCTransport
import MCTransportTCP
import Testing

@testable import MCFacade

extension FacadeTests {
    /// High-water marks in bytes: what one peer can make a socket hold.
    @Suite struct ByteMarks {
        private static let mark = 1 << 20
        private static let message = [UInt8](repeating: 1, count: 10_000)

        /// Bytes that the other end's kernel has not told to have.
        private func unacknowledged(_ peer: RawPeer) -> Int {
            var count: Int32 = 0
            _ = ioctl(peer.link.descriptor, UInt(TIOCOUTQ), &count)
            return Int(count)
        }

        /// Sends as long as there is room, until there is none for a while.
        private func fill(_ socket: any SendingSocket, quiet: Int = 300) throws -> Int {
            var sent = 0
            var lastRoom = ContinuousClock.now
            while ContinuousClock.now - lastRoom < .milliseconds(quiet) {
                if code({ try socket.send(ByteMarks.message, .dontWait) }) == nil {
                    sent += 1
                    lastRoom = .now
                } else {
                    pause(5)
                }
            }
            return sent
        }

        /// A sender to a peer that never reads holds its mark, and the peer's kernel its own.
        @Test(arguments: [Way.tcp, .ipc])
        func whatASenderQueues(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 0
                        $0.sendHighWaterBytes = ByteMarks.mark
                    })
                let endpoint = try push.bind(way.fresh)
                var options = LinkOptions()
                options.receiveBufferBytes = 4096
                let peer = try RawPeer.connect(to: endpoint, options: options)
                try peer.shakeHands(as: "PULL")
                let sent = try fill(push) * 10_000
                #expect(sent <= ByteMarks.mark + 10_000 + 8192)
                #expect(sent >= ByteMarks.mark / 2)
                // A message may be larger than the mark, when nothing waits.
                _ = try peer.receive(sent)
                let large = [UInt8](repeating: 2, count: 3 * ByteMarks.mark)
                let worker = Worker { try push.send(large) }
                _ = try peer.receive(large.count)
                try worker.join()
                peer.link.close()
                push.close()
            }
        }

        /// A PULL that never receives takes in no more than its mark; and all comes when it does.
        @Test(arguments: [ByteMarks.mark, 64 << 10])
        func whatAReceiverTakesIn(mark: Int) throws {
            try withContext { context in
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.receiveHighWaterMark = 0
                        $0.receiveHighWaterBytes = mark
                    })
                let peer = try RawPeer.connect(to: try pull.bind(Way.tcp.fresh))
                try peer.shakeHands(as: "PUSH")
                let wire = [0x02, 0, 0, 0, 0, 0, 0, 0x27, 0x10] + ByteMarks.message
                var rest: ArraySlice<UInt8> = []
                var sent = 0
                var taken = 0
                var quiet = 0
                while quiet < 60 {
                    if rest.isEmpty { rest = wire[...] }
                    let count = try peer.sendSome(rest)
                    rest = rest.dropFirst(count)
                    sent += count
                    let now = sent - unacknowledged(peer)
                    quiet = count == 0 && now == taken ? quiet + 1 : 0
                    taken = now
                    if count == 0 { pause(5) }
                }
                #expect(taken <= mark + ByteMarks.message.count)
                #expect(taken >= mark / 4)
                // Nothing is lost.
                let last = Array(rest)
                let worker = Worker { try peer.send(last) }
                for _ in 0..<(sent + rest.count) / wire.count {
                    #expect(try pull.receive().bytes() == ByteMarks.message)
                }
                try worker.join()
            }
        }

        /// In process the marks of both ends add up, and one alone holds.
        @Test(arguments: [(1, 0), (0, 1), (1, 1)])
        func inProcess(_ sends: Int, _ receives: Int) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 0
                        $0.sendHighWaterBytes = sends * ByteMarks.mark
                    })
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.receiveHighWaterMark = 0
                        $0.receiveHighWaterBytes = receives * ByteMarks.mark
                    })
                try pull.connect(try push.bind(Way.inproc.fresh))
                let most = (sends + receives) * ByteMarks.mark
                let sent = try fill(push, quiet: 50)
                #expect(sent == (most + 10_063) / 10_064)
                // Who waits is woken, and the room of what was received comes back.
                let worker = Worker { try push.send(ByteMarks.message) }
                for _ in 0...sent { #expect(try pull.receive().bytes() == ByteMarks.message) }
                try worker.join()
                #expect(try fill(push, quiet: 50) == sent)
            }
        }

        /// A mark that is set while the socket is in use holds from the next message on.
        @Test(arguments: [Way.tcp, .inproc])
        func setLater(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 0
                        $0.sendBufferBytes = 64 << 10
                    })
                let pull = try PullSocket(
                    context: context,
                    options: .test {
                        $0.receiveHighWaterMark = way == .tcp ? 1 : 0
                        $0.receiveBufferBytes = 64 << 10
                    })
                try pull.connect(try push.bind(way.fresh))
                for _ in 0..<500 { try push.send(ByteMarks.message) }
                try push.setOptions { $0.sendHighWaterBytes = ByteMarks.mark }
                let more = try fill(push, quiet: 100)
                #expect(more <= ByteMarks.mark / 10_000 + 1)
                let worker = Worker { for _ in 0..<500 { try push.send(ByteMarks.message) } }
                for _ in 0..<1000 + more { _ = try pull.receive() }
                try worker.join()
                // And is off again.
                try push.setOptions { $0.sendHighWaterBytes = 0 }
                for _ in 0..<500 { try push.send(ByteMarks.message, .dontWait) }
                for _ in 0..<500 { _ = try pull.receive() }
            }
        }

        /// PUB drops what has no room, for the slow subscriber alone.
        @Test func aSlowSubscriber() throws {
            try withContext { context in
                let pub = try XPubSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 0
                        $0.sendHighWaterBytes = ByteMarks.mark
                    })
                let endpoint = try pub.bind(Way.tcp.fresh)
                var options = LinkOptions()
                options.receiveBufferBytes = 4096
                let slow = try RawPeer.connect(to: endpoint, options: options)
                try slow.shakeHands(as: "SUB")
                try slow.send(.subscribe(prefix: []))
                _ = try pub.receive()
                let sub = try SubSocket(context: context, options: .test)
                try sub.subscribe([1])
                try sub.connect(endpoint)
                _ = try pub.receive()
                for _ in 0..<500 {
                    try pub.send(ByteMarks.message)
                    #expect(try sub.receive().bytes() == ByteMarks.message)
                }
                var got = 0
                while isReady(slow.link.descriptor, Int16(POLLIN), within: 200) {
                    got += try slow.receive(1).count
                    while let some = try? slow.receive(4096, within: 50) { got += some.count }
                }
                #expect(got <= ByteMarks.mark + 10_009 + 16_384)
                #expect(got >= ByteMarks.mark / 2)
            }
        }

        @Test func refused() {
            withContext { context in
                for bad in [-1, .max] {
                    #expect(
                        code {
                            _ = try PushSocket(
                                context: context, options: .test { $0.sendHighWaterBytes = bad })
                        } == .invalidOption)
                    #expect(
                        code {
                            _ = try PullSocket(
                                context: context, options: .test { $0.receiveHighWaterBytes = bad })
                        } == .invalidOption)
                }
            }
        }
    }
}
