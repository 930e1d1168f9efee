import MCFacade
import Testing

/// Subscriptions: prefixes, counts, and both forms on the wire (RFC 37 and RFC 23).
@Suite(.mayBlock, .timeLimit(.minutes(5)))
struct SubscriptionTests {
    @Test(arguments: Setting.all)
    func publisherFiltersByPrefix(setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pub = try PubSocket(options: .bounded())
        defer { pub.close() }
        try peer.ask("open", "s", "SUB")
        try peer.ask("subscribe", "s", "=a")
        try peer.ask("subscribe", "s", "=sync")
        try peer.ask("subscribe", "s", "=end")
        try setting.join(pub, peer, "s", in: folder)
        try synchronize(pub, sendingTo: peer)
        for topic in ["=", "=a", "=ab", "=b", "=ba", "=A"] {
            try pub.send(words: [topic, "=body"])
        }
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=a", "=body"]))
        #expect(try peer.ask("recv", "s", "5000") == Payload.words(["=ab", "=body"]))

        // Twice subscribed needs twice cancelling.
        try peer.ask("subscribe", "s", "=a")
        try peer.ask("unsubscribe", "s", "=a")
        try peer.ask("subscribe", "s", "=c")
        try waitUntil(peer, has: "=c1", from: pub)
        try pub.send(words: ["=a2"])
        #expect(try receiveBeyond("=c1", peer) == Payload.words(["=a2"]))
        try peer.ask("unsubscribe", "s", "=a")
        try peer.ask("subscribe", "s", "=d")
        try waitUntil(peer, has: "=d1", from: pub)
        try pub.send(words: ["=a3"])
        try pub.send(words: ["=c3"])
        #expect(try receiveBeyond("=d1", peer) == Payload.words(["=c3"]))
    }

    /// Publishes until the peer gets it: everything that it subscribed to before is known then.
    private func waitUntil(_ peer: PythonPeer, has word: String, from pub: Socket) throws {
        try eventually("subscription to \(word)") {
            try pub.send(words: [word])
            return try peer.ask("recv", "s", "20") == Payload.words([word])
        }
    }

    private func receiveBeyond(_ word: String, _ peer: PythonPeer) throws -> [String] {
        while true {
            let came = try peer.ask("recv", "s", "5000")
            if came != Payload.words([word]) { return came }
        }
    }

    @Test(arguments: Setting.all)
    func subscriberTellsPublisher(setting: Setting) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let sub = try SubSocket(options: .bounded())
        defer { sub.close() }
        // The XPUB shows what arrives: 1 and a prefix, or 0 and a prefix.
        try peer.ask("open", "s", "XPUB", "XPUB_VERBOSER=1")
        try sub.subscribe("before")
        try setting.join(sub, peer, "s", in: folder)
        #expect(try peer.ask("recv", "s", "5000") == ["x01" + Payload.hex(Array("before".utf8))])
        try sub.subscribe([0, 255])
        #expect(try peer.ask("recv", "s", "5000") == ["x0100ff"])
        try sub.subscribe()
        #expect(try peer.ask("recv", "s", "5000") == ["x01"])
        try sub.subscribe([UInt8](repeating: 7, count: 300))
        // Not a frame of a test's: its length is what counts.
        #expect(try peer.ask("recv", "s", "5000") == ["301:damaged"])
        try sub.unsubscribe()
        #expect(try peer.ask("recv", "s", "5000") == ["x00"])
        try peer.ask("send", "s", "=else")
        try peer.ask("send", "s", "=before-and-after")
        #expect(try sub.receiveWords() == Payload.words(["=before-and-after"]))
    }

    @Test(arguments: Setting.all)
    func severalSubscribers(setting: Setting) throws {
        let peer = try PythonPeer()
        let pub = try PubSocket(options: .bounded())
        defer { pub.close() }
        let names = ["s0", "s1", "s2"]
        let folders = try names.map { _ in try TestFolder() }
        var endpoint = ""
        for (index, name) in names.enumerated() {
            try peer.ask("open", name, "SUB")
            for prefix in ["=sync", "=end", "=t\(index)", "=all"] {
                try peer.ask("subscribe", name, prefix)
            }
            if setting.weBind, index > 0 {
                try peer.ask("connect", name, endpoint)
            } else {
                endpoint = try setting.join(pub, peer, name, in: folders[index])
            }
            try synchronize(pub, sendingTo: peer, name: name)
        }
        for topic in ["=all-1", "=t2", "=t0", "=t1", "=all-2"] { try pub.send(words: [topic]) }
        for (index, name) in names.enumerated() {
            try eventually("the messages behind the synchronization of others") {
                try peer.ask("recv", name, "5000") == Payload.words(["=all-1"])
            }
            #expect(try peer.ask("recv", name, "5000") == Payload.words(["=t\(index)"]))
            #expect(try peer.ask("recv", name, "5000") == Payload.words(["=all-2"]))
        }
    }

    // MARK: - On the wire

    static let minors = [0, 1]

    /// The form depends on who subscribes: commands from a 3.1 peer, messages from a 3.0 peer.
    @Test(arguments: minors, Setting.Transport.allCases)
    func publisherUnderstands(minor: Int, transport: Setting.Transport) throws {
        let folder = try TestFolder()
        let peer = try PythonPeer()
        let pub = try PubSocket(options: .bounded())
        defer { pub.close() }
        let endpoint = try pub.bind(folder.endpoint(transport))
        try peer.ask("rawdial", "w", endpoint)
        let hello = try peer.ask("rawhello", "w", "\(minor)", "SUB")
        #expect(hello.first == "1")
        try subscription(add: true, "a", minor, peer)
        try subscription(add: true, "b", minor, peer)
        try synchronize("=a")
        try subscription(add: false, "a", minor, peer)
        // Subscriptions are obeyed in order: when c comes, a has been cancelled.
        try subscription(add: true, "c", minor, peer)
        try synchronize("=c")
        try pub.send(words: ["=a2"])
        try pub.send(words: ["=b2", "300:4"])
        #expect(try peer.ask("rawrecv", "w", "5000") == ["1", "x6232"])
        #expect(try peer.ask("rawrecv", "w", "5000") == ["0", "300:4"])

        /// Publishes until it comes, and reads what was too much.
        func synchronize(_ topic: String) throws {
            try eventually("\(topic) is subscribed to") {
                try pub.send(words: [topic])
                return try peer.ask("rawrecv", "w", "20") == ["0"] + Payload.words([topic])
            }
            try eventually("no more of \(topic)") {
                try peer.ask("rawrecv", "w", "50") == ["none"]
            }
        }
    }

    private func subscription(
        add: Bool, _ prefix: String, _ minor: Int, _ peer: PythonPeer
    ) throws {
        let name = minor == 0 ? "" : add ? "SUBSCRIBE" : "CANCEL"
        let head: [UInt8] = minor == 0 ? [add ? 1 : 0] : [UInt8(name.utf8.count)] + name.utf8
        let flags = minor == 0 ? "0" : "4"
        try peer.ask("rawsend", "w", flags, "x" + Payload.hex(head + prefix.utf8))
    }

    @Test(arguments: minors)
    func subscriberSpeaks(minor: Int) throws {
        let peer = try PythonPeer()
        let sub = try SubSocket(options: .bounded())
        defer { sub.close() }
        try sub.subscribe("topic")
        try sub.connect(try peer.ask("rawlisten", "l")[0])
        try peer.ask("rawaccept", "l", "w")
        try peer.ask("rawhello", "w", "\(minor)", "PUB")
        let subscribe = minor == 0 ? "01" : "09" + Payload.hex(Array("SUBSCRIBE".utf8))
        let cancel = minor == 0 ? "00" : "06" + Payload.hex(Array("CANCEL".utf8))
        let flags = minor == 0 ? "0" : "4"
        let topic = Payload.hex(Array("topic".utf8))
        #expect(try peer.ask("rawrecv", "w", "5000") == [flags, "x" + subscribe + topic])
        try sub.subscribe("2")
        #expect(try peer.ask("rawrecv", "w", "5000") == [flags, "x" + subscribe + "32"])
        try peer.ask("rawsend", "w", "0", "=topic-1")
        #expect(try sub.receiveWords() == Payload.words(["=topic-1"]))
        try sub.unsubscribe("topic")
        #expect(try peer.ask("rawrecv", "w", "5000") == [flags, "x" + cancel + topic])
        // A publisher may not know yet: what is no longer wanted is dropped here.
        try peer.ask("rawsend", "w", "0", "=topic-2")
        try peer.ask("rawsend", "w", "1", "=2")
        try peer.ask("rawsend", "w", "0", "=body")
        #expect(try sub.receiveWords() == Payload.words(["=2", "=body"]))
    }
}
