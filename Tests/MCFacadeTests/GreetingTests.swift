import MCFacade
import MCTestSupport
import Testing

extension FacadeTests {
    /// The message that new peers are sent, and the one that stands for a peer that went.
    @Suite struct Greetings {
        @Test(arguments: Way.allCases)
        func aRouterGreets(way: Way) throws {
            try withContext { context in
                let router = try RouterSocket(context: context, options: .test)
                router.helloMessage = bytes("H")
                router.disconnectMessage = bytes("D")
                #expect(router.helloMessage == bytes("H"))
                #expect(router.disconnectMessage == bytes("D"))
                let dealer = try DealerSocket(
                    context: context,
                    options: .test {
                        $0.routingID = bytes("me")
                        $0.lingerMilliseconds = 1000
                    })
                dealer.helloMessage = bytes("h")
                try dealer.connect(try router.bind(way.fresh))
                #expect(try dealer.text() == "H")
                #expect(try router.parts() == [bytes("me"), bytes("h")])
                try dealer.send("last")
                dealer.close()
                #expect(try router.parts() == [bytes("me"), bytes("last")])
                #expect(try router.parts() == [bytes("me"), bytes("D")])
            }
        }

        @Test(arguments: Way.allCases)
        func aServerHearsOfWhoGoes(way: Way) throws {
            try withContext { context in
                let server = try ServerSocket(context: context, options: .test)
                server.disconnectMessage = bytes("D")
                let endpoint = try server.bind(way.fresh)
                for closes in [true, false] {
                    let client = try ClientSocket(context: context, options: .test)
                    client.helloMessage = bytes("H")
                    try client.connect(endpoint)
                    let hello = try server.receive()
                    let (text, sender) = (hello.string(), hello.routingID)
                    #expect(text == "H")
                    if closes { client.close() } else { try client.disconnect(endpoint) }
                    let last = try server.receive()
                    let (parting, from) = (last.string(), last.routingID)
                    #expect(parting == "D")
                    #expect(from == sender)
                }
            }
        }

        /// Before what was sent while nobody was there.
        @Test(arguments: Way.allCases)
        func helloComesFirst(way: Way) throws {
            try withContext { context in
                let endpoint = try way.reserved()
                let client = try ClientSocket(context: context, options: .test)
                client.helloMessage = bytes("H")
                try client.connect(endpoint)
                try client.send("1")
                try client.send("2")
                let server = try ServerSocket(context: context, options: .test)
                server.helloMessage = bytes("W")
                try server.bind(endpoint)
                #expect(try client.text() == "W")
                for expected in ["H", "1", "2"] { #expect(try server.text() == expected) }
            }
        }

        /// With every connection, and to every peer.
        @Test func helloComesAgain() throws {
            try withContext { context in
                let endpoint = try Way.tcp.reserved()
                let peer = try PeerSocket(context: context, options: .test)
                peer.helloMessage = bytes("H")
                // Only peers that came are told of: this one was dialled.
                peer.disconnectMessage = bytes("D")
                try peer.connect(endpoint)
                for _ in 0..<2 {
                    let other = try PeerSocket(context: context, options: .test)
                    try other.bind(endpoint)
                    #expect(try other.text() == "H")
                    other.close()
                }
                #expect(try peer.countUntilQuiet(50) == 0)
            }
        }

        /// A poller hears of a parting as of any message.
        @Test func partingWakes() throws {
            try withContext { context in
                let server = try ServerSocket(context: context, options: .test)
                server.disconnectMessage = bytes("D")
                let client = try ClientSocket(context: context, options: .test)
                try client.connect(try server.bind(Way.tcp.fresh))
                try client.send("x")
                #expect(try server.text() == "x")
                let poller = Poller()
                poller.add(server, for: .canReceive)
                let closer = Worker {
                    pause(50)
                    client.close()
                }
                let ready = try poller.wait(timeoutMilliseconds: patience)
                #expect(ready.count == 1)
                try closer.join()
                #expect(try server.text() == "D")
            }
        }
    }

    /// Options of XPUB and XSUB that libzmq calls drafts.
    @Suite struct PublishDrafts {
        @Test(arguments: Way.allCases)
        func aLastValueGoesToWhoAsked(way: Way) throws {
            try withContext { context in
                let xpub = try XPubSocket(context: context, options: .test)
                xpub.isManual = true
                xpub.answersLastAsker = true
                let endpoint = try xpub.bind(way.fresh)
                let subs = try (0..<2).map { _ in
                    let sub = try SubSocket(context: context, options: .test)
                    try sub.connect(endpoint)
                    try sub.subscribe("A")
                    #expect(try xpub.parts() == [[1, 65]])
                    try xpub.subscribe([65])
                    try xpub.send("A last")
                    #expect(try sub.text() == "A last")
                    return sub
                }
                // From the second message on it is for all.
                try xpub.send("A new")
                for sub in subs { #expect(try sub.text() == "A new") }
                // Who asked for something else gets none of it, and nobody else does.
                try subs[0].subscribe("B")
                #expect(try xpub.parts() == [[1, 66]])
                try xpub.send("C")
                try xpub.send("A end")
                for sub in subs { #expect(try sub.text() == "A end") }
            }
        }

        @Test(arguments: Way.allCases, [false, true])
        func subscriptionsAmongFrames(way: Way, onlyFirst: Bool) throws {
            try withContext { context in
                let xpub = try XPubSocket(context: context, options: .test)
                let xsub = try XSubSocket(context: context, options: .test)
                xpub.onlyFirstSubscribes = onlyFirst
                xsub.onlyFirstSubscribes = onlyFirst
                try xsub.connect(try xpub.bind(way.fresh))
                // Until they are connected.
                try xsub.subscribe([0])
                #expect(try xpub.parts() == [[1, 0]])
                try xsub.send(parts: [bytes("X"), [1, 65], [0, 0]])
                if onlyFirst {
                    #expect(try xpub.parts() == [bytes("X"), [1, 65], [0, 0]])
                } else {
                    #expect(try xpub.parts() == [[1, 65]])
                    #expect(try xpub.parts() == [[0, 0]])
                    #expect(try xpub.parts() == [bytes("X")])
                }
                try xsub.send(parts: [[1, 66], [1, 67]])
                #expect(try xpub.parts() == [[1, 66]])
                #expect(try xpub.parts() == [[1, 67]])
                try xpub.send("Bc")
                #expect(try xsub.text() == "Bc")
            }
        }
    }
}
