import MCFacade
import Synchronization
import Testing

extension FacadeTests {
    /// A thread that looks on for long (`spinMicroseconds`) still sees everything, and in time.
    @Suite struct Spinning {
        private static let long = SocketOptions.test { $0.spinMicroseconds = 1_000_000 }

        /// A limit in milliseconds ends the look, however long that may be.
        @Test(arguments: Way.allCases)
        func receivingEndsInTime(way: Way) throws {
            try withContext { context in
                let (push, pull) = try pipeline(context, way, options: Self.long)
                try push.send("hello")
                #expect(try pull.text() == "hello")
                try pull.setOptions { $0.receiveTimeoutMilliseconds = 30 }
                let took = elapsed { #expect(code { _ = try pull.receive() } == .timedOut) }
                #expect((30..<500).contains(took))
            }
        }

        @Test func sendingEndsInTime() throws {
            try withContext { context in
                let options = SocketOptions.test {
                    $0.spinMicroseconds = 1_000_000
                    $0.sendTimeoutMilliseconds = 30
                    $0.sendHighWaterMark = 1
                    $0.receiveHighWaterMark = 1
                }
                let (push, pull) = try pipeline(context, .inproc, options: options)
                for _ in 0..<2 { try push.send("x") }
                let took = elapsed { #expect(code { try push.send("x") } == .timedOut) }
                #expect((30..<500).contains(took))
                withExtendedLifetime(pull) {}
            }
        }

        /// A thread that reads a byte stream looks at its peers in the process, too.
        @Test(arguments: Way.streams)
        func readersSeePeersInTheProcess(way: Way) throws {
            try withContext { context in
                let (far, pull) = try pipeline(context, way, options: Self.long)
                let near = try PushSocket(context: context, options: .test)
                try near.connect(try pull.bind(Way.inproc.fresh))
                try far.send("far")
                #expect(try pull.text() == "far")
                try near.send("near")
                #expect(try pull.text() == "near")
                for _ in 0..<5 {
                    let sending = Worker {
                        pause(20)
                        try near.send("near")
                    }
                    var text = ""
                    let took = try elapsed { text = try pull.text() }
                    #expect(text == "near")
                    #expect(took < 500)
                    try sending.join()
                }
            }
        }
    }
}
