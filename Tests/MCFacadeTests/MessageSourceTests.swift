import Glibc
import MCFacade
import Testing

extension FacadeTests {
    /// What a message tells of the peer that it came from.
    @Suite struct MessageSources {
        private static let named: SocketOptions = {
            var options = SocketOptions.test
            options.routingID = Array("me".utf8)
            options.metadata = ["X-Rank": "7", "X-Model": "large"]
            return options
        }()

        /// Small frames, frames in blocks, slices of what was read, and large bodies.
        @Test(
            arguments: Way.streams, [1, 56, 57, 500, 5000, 100_000])
        func aStream(way: Way, size: Int) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                let dealer = try DealerSocket(context: context, options: Self.named)
                try dealer.connect(try router.bind(way.fresh))
                try dealer.send([UInt8](repeating: 1, count: size))
                try dealer.send(parts: [[1], [UInt8](repeating: 1, count: size)])
                for frames in [2, 3] {
                    let message = try router.receive()
                    try #require(message.count == frames)
                    for index in 0..<frames {
                        let found = message.withFrame(index) { $0.peer }
                        let peer = try #require(found)
                        #expect(peer.socketType == "DEALER")
                        #expect(peer.routingID == Array("me".utf8))
                        #expect(peer.userID == nil)
                        #expect(peer.properties["X-Rank"] == Array("7".utf8))
                        #expect(peer.properties["X-Model"] == Array("large".utf8))
                        let address =
                            way == .tcp ? "127.0.0.1" : ":\(getuid()):\(getgid()):\(getpid())"
                        #expect(peer.address == address)
                    }
                    let copy = message.copy().peer()
                    #expect(copy != nil)
                }
            }
        }

        /// Messages of different peers are told apart, and one that is sent on has a new source.
        @Test func manyPeers() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                for rank in 0..<5 {
                    var options = SocketOptions.test
                    options.metadata = ["X-Rank": "\(rank)"]
                    let push = try PushSocket(context: context, options: options)
                    try push.connect(endpoint)
                    try push.send("\(rank)")
                    let message = try pull.receive()
                    let peer = message.peer()
                    #expect(peer?.properties["X-Rank"] == Array("\(rank)".utf8))
                    let onward = try PullSocket(context: context, options: .test)
                    let passing = try PushSocket(context: context, options: .test)
                    try passing.connect(try onward.bind("tcp://127.0.0.1:*"))
                    try passing.send(message)
                    let passed = try onward.receive().peer()
                    #expect(passed?.properties["X-Rank"] == nil)
                    #expect(passed?.socketType == "PUSH")
                }
            }
        }

        @Test func withinTheProcess() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let push = try PushSocket(context: context, options: .test)
                try push.connect(try pull.bind("inproc://source"))
                try push.send("x")
                let peer = try pull.receive().peer()
                #expect(peer == nil)
                let own = Message("mine").peer()
                #expect(own == nil)
            }
        }

        /// A peer is remembered when it has gone, but not for ever.
        @Test func thoseWhoHaveGone() throws {
            try withContext { context in
                let pull = try PullSocket(context: context, options: .test)
                let endpoint = try pull.bind("tcp://127.0.0.1:*")
                let first = try PushSocket(context: context, options: .test)
                try first.connect(endpoint)
                try first.send("x")
                let message = try pull.receive()
                first.close()
                for _ in 0..<20 {
                    let push = try PushSocket(context: context, options: .test)
                    try push.connect(endpoint)
                    try push.send("y")
                    _ = try pull.receive()
                    push.close()
                }
                let peer = message.peer()
                #expect(peer?.socketType == "PUSH")
            }
        }

        @Test(arguments: [
            ["Rank": "1"], ["x-rank": "1"], ["X-Rank:": "1"],
            ["X-": String(repeating: "v", count: 5000)],
            ["X-Ränk": "1"],
        ])
        func whatIsRefused(metadata: [String: String]) throws {
            withContext { context in
                var options = SocketOptions.test
                options.metadata = metadata
                #expect { _ = try PushSocket(context: context, options: options) } throws: {
                    ($0 as? SocketError)?.code == .invalidOption
                }
            }
        }
    }
}
