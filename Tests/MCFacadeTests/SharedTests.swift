import MCFacade
import Synchronization
import Testing

extension FacadeTests {
    /// One socket, many threads and tasks: every message once, and whole.
    @Suite struct Shared {
        /// What a message of these tests says: who sent it, and which of his it is.
        struct Mark: Hashable, Sendable {
            var sender: Int
            var index: Int

            /// A message that shows when it is torn apart: the mark in every frame, several sizes.
            var parts: [[UInt8]] {
                let mark = bytes("\(sender)/\(index)")
                let filler = [UInt8](
                    repeating: UInt8(truncatingIfNeeded: index), count: index % 300)
                let large = index % 128 == 0 ? 70_000 : 0
                return [mark, filler, mark, [UInt8](repeating: 1, count: large), mark]
            }

            init(sender: Int, index: Int) {
                self.sender = sender
                self.index = index
            }

            /// The mark of a message; nil when the message is not whole.
            init?(_ parts: [[UInt8]]) {
                guard let first = parts.first else { return nil }
                let numbers = String(decoding: first, as: UTF8.self).split(separator: "/")
                guard numbers.count == 2, let sender = Int(numbers[0]), let index = Int(numbers[1])
                else { return nil }
                self.init(sender: sender, index: index)
                guard parts == self.parts else { return nil }
            }
        }

        private static let senders = 4
        private static let each = 1500
        private static var expected: Set<Mark> {
            Set(
                (0..<senders).flatMap { sender in
                    (0..<each).map { Mark(sender: sender, index: $0) }
                })
        }

        private func check(_ received: [[Mark]]) {
            let all = received.flatMap { $0 }
            #expect(all.count == Self.senders * Self.each)
            #expect(Set(all) == Self.expected)
            // Of one sender's messages a receiver gets the later ones later.
            for marks in received {
                for sender in 0..<Self.senders {
                    let indices = marks.filter { $0.sender == sender }.map(\.index)
                    #expect(indices == indices.sorted())
                }
            }
        }

        @Test(arguments: Way.allCases)
        func threads(way: Way) throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(
                    context: context, options: .test { $0.receiveTimeoutMilliseconds = 500 })
                try push.connect(try pull.bind(way.fresh))
                let receivers = (0..<4).map { _ in
                    Worker { () -> [Mark] in
                        var marks: [Mark] = []
                        while true {
                            do throws(SocketError) {
                                let parts = try pull.receive().parts
                                guard let mark = Mark(parts) else {
                                    Issue.record("torn: \(parts.map(\.count))")
                                    continue
                                }
                                marks.append(mark)
                            } catch {
                                return marks
                            }
                        }
                    }
                }
                let senders = (0..<Self.senders).map { sender in
                    Worker {
                        for index in 0..<Self.each {
                            try push.send(parts: Mark(sender: sender, index: index).parts)
                        }
                    }
                }
                for sender in senders { try sender.join() }
                check(try receivers.map { try $0.join() })
            }
        }

        @Test(arguments: Way.allCases)
        func tasks(way: Way) async throws {
            try await withContext { context in
                let push = try PushSocket(context: context, options: .test)
                let pull = try PullSocket(
                    context: context, options: .test { $0.receiveTimeoutMilliseconds = 500 })
                try push.connect(try pull.bind(way.fresh))
                let receivers = (0..<4).map { _ in
                    Task { () -> [Mark] in
                        var marks: [Mark] = []
                        do {
                            for try await message in pull.messages {
                                guard let mark = Mark(message.parts) else {
                                    Issue.record("torn: \(message.parts.map(\.count))")
                                    continue
                                }
                                marks.append(mark)
                            }
                        } catch {
                            #expect((error as? SocketError)?.code == .timedOut)
                        }
                        return marks
                    }
                }
                let senders = (0..<Self.senders).map { sender in
                    Task {
                        for index in 0..<Self.each {
                            try await push.send(parts: Mark(sender: sender, index: index).parts)
                        }
                    }
                }
                for sender in senders { try await sender.value }
                var received: [[Mark]] = []
                for receiver in receivers { received.append(await receiver.value) }
                check(received)
            }
        }

        /// Adopted memory that a receive lets go of may be given back by using the very socket.
        @Test func givingBackUsesTheSocket() throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, .inproc)
                let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
                memory.initializeMemory(as: UInt8.self, repeating: 7)
                let address = UInt(bitPattern: memory.baseAddress)
                let given = Flag()
                try push.send(
                    Message(
                        Frame(adopting: UnsafeRawBufferPointer(memory)) {
                            UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
                            _ = try? pull.events()
                            given.isSet.store(true, ordering: .relaxed)
                        }))
                try push.send("next")
                let receiving = Worker {
                    var message = Message()
                    try pull.receive(into: &message)
                    #expect(message.withFrame(0) { $0.count } == 4096)
                    try pull.receive(into: &message)
                    #expect(message.string() == "next")
                }
                #expect(receiving.ends(within: 5000))
                let wasGiven = given.isSet.load(ordering: .relaxed)
                #expect(wasGiven)
            }
        }

        private final class Flag: Sendable { let isSet = Atomic<Bool>(false) }

        /// Several sockets at either end, of several types.
        @Test(arguments: Way.allCases)
        func manySockets(way: Way) throws {
            try withContext { context in
                let options = SocketOptions.test { $0.receiveTimeoutMilliseconds = 500 }
                let hub = try DealerSocket(context: context, options: options)
                let endpoint = try hub.bind(way.fresh)
                let receivers = (0..<2).map { _ in
                    Worker { () -> [Mark] in
                        var marks: [Mark] = []
                        while let message = try? hub.receive() {
                            let mark = try #require(Mark(message.parts))
                            marks.append(mark)
                        }
                        return marks
                    }
                }
                let senders = (0..<Self.senders).map { sender in
                    Worker {
                        let dealer = try DealerSocket(
                            context: context, options: .test { $0.lingerMilliseconds = -1 })
                        try dealer.connect(endpoint)
                        for index in 0..<Self.each {
                            try dealer.send(parts: Mark(sender: sender, index: index).parts)
                        }
                        dealer.close()
                    }
                }
                for sender in senders { try sender.join() }
                check(try receivers.map { try $0.join() })
            }
        }

        @Test func messagesWithoutFramesAreRefused() async throws {
            try await withContext { context in
                let push = try PushSocket(context: context, options: .test)
                #expect(code { try push.send(Message()) } == .invalidMessage)
                #expect(code { try push.send(parts: []) } == .invalidMessage)
                #expect(code { try push.send(parts: [], .dontWait) } == .invalidMessage)
                #expect(await asyncCode { try await push.send(parts: []) } == .invalidMessage)
            }
        }

        /// More bytes than any machine has: an error, and the socket goes on.
        @Test func messagesThatNoMemoryHolds() throws {
            try withContext { context in
                let push = try PushSocket(context: context, options: .test)
                try push.bind("inproc://no-memory")
                let pull = try PullSocket(context: context, options: .test)
                try pull.connect("inproc://no-memory")
                // The bytes are not looked at before there is room for them.
                let bytes = UnsafeRawBufferPointer(start: .init(bitPattern: 4096), count: 1 << 60)
                #expect(code { try push.send(bytes: bytes) } == .outOfMemory)
                try push.send("small")
                #expect(try pull.text() == "small")
            }
        }
    }
}
