import MCMemory
import MCPool
import Testing

@testable import MCFacade

extension FacadeTests {
    /// Whether a message would be taken, and waiting until it is.
    @Suite struct Room {
        /// As in libzmq: a message that is under way, one that waits there and one here, and what the
        /// kernel takes.
        @Test func mandatoryAtTheHighWaterMark() throws {
            try withContext { context in
                let router = try RouterSocket(
                    context: context,
                    options: .test {
                        $0.sendHighWaterMark = 1
                        $0.sendBufferBytes = 64 << 10
                    })
                router.isMandatory = true
                let endpoint = try router.bind(Way.tcp.fresh)
                let dealer = try DealerSocket(
                    context: context,
                    options: .test {
                        $0.routingID = bytes("X")
                        $0.receiveHighWaterMark = 1
                        $0.receiveBufferBytes = 64 << 10
                    })
                try dealer.connect(endpoint)
                try dealer.send("Hello")
                _ = try router.parts()
                let parts = [bytes("X"), [UInt8](repeating: 0, count: 65_536)]
                var count = 0
                for limit in [10, 20] {
                    while code({ try router.send(parts: parts, .dontWait) }) == nil { count += 1 }
                    #expect(count < limit)
                    pause(300)
                }
                // The kernel may still find room.
                let isFull = try eventually {
                    if code({ try router.send(parts: parts, .dontWait) }) == nil { count += 1 }
                    return try router.events() == [] && !router.canSend(to: bytes("X"))
                }
                #expect(isFull)
                // Who waits is woken when the peer reads.
                let worker = Worker { for _ in 0..<5 { try router.send(parts: parts) } }
                for _ in 0..<count + 5 { #expect(try dealer.receive().bytes() == parts[1]) }
                try worker.join()
                #expect(try router.canSend(to: bytes("X")))
                let nobody = code { _ = try router.canSend(to: bytes("nobody")) }
                #expect(nobody == .hostUnreachable)
                // And when it goes.
                while code({ try router.send(parts: parts, .dontWait) }) == nil {}
                let late = Worker { code { while true { try router.send(parts: parts) } } }
                pause(50)
                dealer.close()
                #expect(try late.join() == .hostUnreachable)
            }
        }

        /// For users who hand a message over frame by frame.
        @Test func waitingWithTheFirstFrame() throws {
            @Sendable func wait(
                _ socket: Socket, _ text: String, waits: Bool = true
            ) -> SocketError.Code? {
                code {
                    try Outgoing.withMessage(Message(text)) {
                        try socket.engine.prepareToSend($0.firstBytes, waits: waits)
                    }
                }
            }
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 1
                    $0.receiveHighWaterMark = 1
                    $0.sendTimeoutMilliseconds = 50
                }
                let push = try PushSocket(context: context, options: options)
                #expect(wait(push, "x", waits: false) == .wouldBlock)
                #expect(wait(push, "x") == .timedOut)
                let pull = try PullSocket(context: context, options: options)
                try pull.connect(try push.bind(Way.inproc.fresh))
                #expect(wait(push, "x") == nil)
                #expect(wait(pull, "x") == .notSupported)
                while code({ try push.send("x", .dontWait) }) == nil {}
                #expect(wait(push, "x") == .timedOut)
                try push.setOptions { $0.sendTimeoutMilliseconds = patience }
                let worker = Worker { wait(push, "x") }
                pause(20)
                _ = try pull.receive()
                #expect(try worker.join() == nil)
                try push.send("x", .dontWait)

                let req = try ReqSocket(context: context, options: options)
                let rep = try RepSocket(context: context, options: options)
                #expect(wait(rep, "x") == .invalidState)
                try req.connect(try rep.bind(Way.inproc.fresh))
                #expect(wait(req, "x") == nil)
                try req.send("x")
                #expect(wait(req, "x") == .invalidState)
                _ = try rep.receive()
                #expect(wait(rep, "x") == nil)
                try rep.send("x")

                let router = try RouterSocket(context: context, options: options)
                #expect(wait(router, "nobody") == nil)
                router.isMandatory = true
                #expect(wait(router, "nobody") == .hostUnreachable)
                let dealer = try DealerSocket(
                    context: context,
                    options: .test {
                        $0.routingID = bytes("D")
                        $0.receiveHighWaterMark = 1
                    })
                try dealer.connect(try router.bind(Way.inproc.fresh))
                #expect(wait(router, "D") == nil)
                while code({ try router.send(parts: [bytes("D"), []], .dontWait) }) == nil {}
                #expect(wait(router, "D", waits: false) == .wouldBlock)
                #expect(wait(router, "D") == .timedOut)

                let stream = try StreamSocket(context: context, options: options)
                #expect(wait(stream, "nobody") == .hostUnreachable)
                try stream.connect(RawListener.freeEndpoint(), peerRoutingID: bytes("S"))
                #expect(wait(stream, "S") == nil)
                try stream.send(parts: [bytes("S"), [1]])
                #expect(wait(stream, "S") == .timedOut)
                stream.close()
                #expect(wait(stream, "S") == .closed)
            }
        }
    }
}
