import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// Many sockets and descriptors at once (zmq_poll(3)).
    @Suite struct Pollers {
        @Test(arguments: Way.allCases)
        func socketsAndDescriptors(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                let (other, quiet) = try pipeline(context, way)
                var ends: [Int32] = [-1, -1]
                #expect(pipe(&ends) == 0)
                defer { for end in ends { close(end) } }
                let poller = Poller()
                poller.add(pull, for: .canReceive)
                poller.add(quiet, for: .canReceive)
                poller.add(descriptor: ends[0], for: .canReceive)
                #expect(poller.count == 3)
                #expect(try poller.wait(timeoutMilliseconds: 0).isEmpty)
                let time = try elapsed {
                    let ready = try poller.wait(timeoutMilliseconds: 50)
                    #expect(ready.isEmpty)
                }
                #expect((50...500).contains(time))

                try push.send("1")
                for _ in 0..<2 {
                    // As long as it is not received.
                    let ready = try poller.wait(timeoutMilliseconds: patience)
                    #expect(ready.count == 1 && ready.first?.socket === pull)
                    #expect(ready.first?.events == .canReceive)
                }
                #expect(try pull.text() == "1")
                #expect(try poller.wait(timeoutMilliseconds: 20).isEmpty)

                #expect(write(ends[1], "x", 1) == 1)
                try other.send("2")
                #expect(
                    try eventually { try poller.wait(timeoutMilliseconds: 10).count == 2 })
                let both = try poller.wait()
                #expect(both.map { $0.socket === quiet } == [true, false])
                #expect(both.last?.descriptor == ends[0] && both.last?.hasError == false)
                poller.remove(quiet)
                #expect(try poller.wait().count == 1)
                poller.remove(descriptor: ends[0])
                #expect(try poller.wait(timeoutMilliseconds: 20).isEmpty)
            }
        }

        @Test(arguments: Way.allCases)
        func aWaitingThreadIsWoken(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way)
                let poller = Poller()
                poller.add(pull, for: .canReceive)
                for round in 0..<20 {
                    let waiting = Worker {
                        try poller.wait(timeoutMilliseconds: patience).first?.socket === pull
                    }
                    if round % 2 == 0 { pause(5) }
                    try push.send("\(round)")
                    #expect(try waiting.join())
                    #expect(try pull.text() == "\(round)")
                }
            }
        }

        @Test func roomToSend() throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 1
                    $0.receiveHighWaterMark = 1
                }
                let (push, pull) = try pipeline(context, .inproc, options: options)
                let poller = Poller()
                poller.add(push, for: [.canSend, .canReceive])
                #expect(try poller.wait().first?.events == .canSend)
                while code({ try push.send("x", .dontWait) }) == nil {}
                #expect(try poller.wait(timeoutMilliseconds: 20).isEmpty)
                let waiting = Worker { try poller.wait(timeoutMilliseconds: patience).count }
                pause(10)
                _ = try pull.receive()
                _ = try pull.receive()
                #expect(try waiting.join() == 1)
            }
        }

        /// A message that nobody asked for is no reason to be busy.
        @Test func whatWasNotAskedFor() throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.sendHighWaterMark = 1
                    $0.receiveHighWaterMark = 1
                }
                let one = try PairSocket(context: context, options: options)
                let two = try PairSocket(context: context, options: options)
                try one.connect(try two.bind(Way.inproc.fresh))
                while code({ try one.send("x", .dontWait) }) == nil {}
                try two.send("y")
                let poller = Poller()
                poller.add(one, for: .canSend)
                let before = threadProcessorSeconds()
                #expect(try poller.wait(timeoutMilliseconds: 200).isEmpty)
                #expect(threadProcessorSeconds() - before < 0.1)
                _ = try two.receive()
                _ = try two.receive()
                #expect(try poller.wait(timeoutMilliseconds: patience).first?.events == .canSend)
            }
        }

        @Test func ends() throws {
            try withContext { context in
                let (_, pull) = try pipeline(context, .tcp)
                let poller = Poller()
                poller.add(pull, for: .canReceive)
                let waiting = Worker { code { _ = try poller.wait() } }
                pause(20)
                pull.close()
                #expect(try waiting.join() == .closed)
                poller.remove(pull)
                poller.add(descriptor: 9999, for: .canReceive)
                #expect(code { _ = try poller.wait(timeoutMilliseconds: 0) } == .invalidState)
            }
        }
    }
}
