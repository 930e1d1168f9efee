import Glibc
import MCCodec
import MCFacade
import MCTransport
import Synchronization
import Testing

extension FacadeTests {
    /// What a connection leaves behind when it ends: messages that have not left, and the socket's own
    /// end.
    @Suite struct Parting {
        /// A connection on which nothing is read, because its queue is full, still ends with its peer:
        /// nothing keeps a socket that waits for it for ever.
        @Test func closingOutlivesAPeerThatIsGone() throws {
            let context = Context()
            let dealer = try DealerSocket(
                context: context,
                options: .test {
                    $0.lingerMilliseconds = -1
                    $0.receiveHighWaterMark = 10
                })
            let endpoint = try dealer.bind("tcp://127.0.0.1:*")
            try withAStalledPeer(of: dealer, at: endpoint) {
                dealer.close()
                pause(50)
            }
            let closing = Worker { context.close() }
            #expect(closing.ends(within: 5000))
        }

        /// What waits for a name that nobody is bound to goes with the context, however long it might
        /// have waited for: the messages, and the socket that sent them.
        @Test(arguments: [-1, 60_000], [true, false])
        func nobodyWaitsForANameInAContextThatIsOver(_ linger: Int, _ isClosed: Bool) throws {
            let given = Flag()
            try withContext { context in
                let push = try PushSocket(
                    context: context, options: .test { $0.lingerMilliseconds = linger })
                try push.connect("inproc://\(uniqueName())")
                let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: 10_000, alignment: 16)
                let address = UInt(bitPattern: memory.baseAddress)
                let frame = Frame(adopting: UnsafeRawBufferPointer(memory)) {
                    UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
                    given.isSet.store(true, ordering: .releasing)
                }
                try push.send(Message(frame))
                if isClosed { push.close() }
            }
            #expect(eventually { given.isSet.load(ordering: .acquiring) })
        }

        /// The kernel takes nothing more either way, and then the peer is gone.
        private func withAStalledPeer(
            of dealer: DealerSocket, at endpoint: String, _ body: () -> Void
        ) throws {
            let peer = try RawPeer.connect(to: endpoint)
            try peer.shakeHands(as: "DEALER")
            let large = [UInt8](repeating: 7, count: 100_000)
            while (try? dealer.send(large, .dontWait)) != nil {}
            var wire: [UInt8] = []
            FrameHeader(flags: [], bodyLength: UInt64(large.count)).append(to: &wire)
            wire += large
            var rest = wire[...]
            while isReady(peer.link.descriptor, Int16(POLLOUT), within: 200) {
                rest = rest.dropFirst(try peer.sendSome(rest))
                if rest.isEmpty { rest = wire[...] }
            }
            body()
        }

        /// Memory of the user's that a dropped message has adopted may be given back by using the
        /// very socket.
        @Test func droppingUsesTheSocket() throws {
            try withContext { context in
                let listener = try RawListener()
                let dealer = try DealerSocket(
                    context: context, options: .test { $0.lingerMilliseconds = 0 })
                try dealer.connect(listener.endpoint)
                let given = Flag()
                let memory = UnsafeMutableRawBufferPointer.allocate(
                    byteCount: 100_000, alignment: 16)
                memory.initializeMemory(as: UInt8.self, repeating: 7)
                let address = UInt(bitPattern: memory.baseAddress)
                try dealer.send(
                    Message(
                        Frame(adopting: UnsafeRawBufferPointer(memory)) {
                            UnsafeMutableRawPointer(bitPattern: address)?.deallocate()
                            _ = try? dealer.events()
                            given.isSet.store(true, ordering: .relaxed)
                        }))
                // Not accepted, so that it has not left.
                let leaving = Worker { try dealer.disconnect(listener.endpoint) }
                #expect(leaving.ends(within: 5000))
                #expect(eventually { given.isSet.load(ordering: .relaxed) })
            }
        }

        private final class Flag: Sendable { let isSet = Atomic<Bool>(false) }
    }
}
