import Glibc
import MCFacade
import Testing

/// The types of our sockets, with libzmq's names.
enum SocketKind: String, Sendable, CaseIterable {
    case push = "PUSH"
    case pull = "PULL"
    case pub = "PUB"
    case sub = "SUB"
    case req = "REQ"
    case rep = "REP"
    case pair = "PAIR"
    case dealer = "DEALER"
    case router = "ROUTER"

    func open(_ options: SocketOptions) throws -> Socket {
        switch self {
        case .push: try PushSocket(options: options)
        case .pull: try PullSocket(options: options)
        case .pub: try PubSocket(options: options)
        case .sub: try SubSocket(options: options)
        case .req: try ReqSocket(options: options)
        case .rep: try RepSocket(options: options)
        case .pair: try PairSocket(options: options)
        case .dealer: try DealerSocket(options: options)
        case .router: try RouterSocket(options: options)
        }
    }
}

/// A socket type of ours against one of libzmq's.
struct Pairing: Sendable, CustomTestStringConvertible {
    enum Flow: Sendable {
        case weSend, theySend, weBegin, theyBegin
    }

    let ours: SocketKind
    let theirs: String
    let flow: Flow
    /// What our application sees or puts in front of a message: routing ids and delimiters.
    var ourEnvelope: [String] = []
    var theirEnvelope: [String] = []

    var testDescription: String { "our \(ours.rawValue), their \(theirs)" }

    static let all: [Pairing] = [
        Pairing(ours: .push, theirs: "PULL", flow: .weSend),
        Pairing(ours: .pull, theirs: "PUSH", flow: .theySend),
        Pairing(ours: .pub, theirs: "SUB", flow: .weSend),
        Pairing(ours: .sub, theirs: "PUB", flow: .theySend),
        Pairing(ours: .req, theirs: "REP", flow: .weBegin),
        Pairing(ours: .req, theirs: "ROUTER", flow: .weBegin, theirEnvelope: ["=ours", "="]),
        Pairing(ours: .rep, theirs: "REQ", flow: .theyBegin),
        Pairing(ours: .rep, theirs: "DEALER", flow: .theyBegin, theirEnvelope: ["="]),
        Pairing(ours: .pair, theirs: "PAIR", flow: .weBegin),
        Pairing(ours: .dealer, theirs: "REP", flow: .weBegin, ourEnvelope: ["="]),
        Pairing(ours: .dealer, theirs: "DEALER", flow: .weBegin),
        Pairing(ours: .dealer, theirs: "ROUTER", flow: .weBegin, theirEnvelope: ["=ours"]),
        Pairing(ours: .router, theirs: "REQ", flow: .theyBegin, ourEnvelope: ["=theirs", "="]),
        Pairing(ours: .router, theirs: "DEALER", flow: .theyBegin, ourEnvelope: ["=theirs"]),
        Pairing(
            ours: .router, theirs: "ROUTER", flow: .theyBegin, ourEnvelope: ["=theirs"],
            theirEnvelope: ["=ours"]),
    ]

    /// Opens both ends and joins them; a subscription is in place when this returns.
    func open(
        _ setting: Setting, _ peer: PythonPeer, in folder: TestFolder,
        theirOptions: [String] = []
    ) throws -> Socket {
        let socket = try ours.open(.bounded { $0.routingID = Array("ours".utf8) })
        try openTheirs(peer, theirOptions)
        if let sub = socket as? SubSocket { try sub.subscribe() }
        try setting.join(socket, peer, "s", in: folder)
        try synchronize(socket, peer)
        return socket
    }

    /// Opens their end anew where a socket of ours is connected to.
    func reopen(_ socket: Socket, _ peer: PythonPeer, endpoint: String) throws {
        try openTheirs(peer, [])
        try peer.ask("bind", "s", endpoint)
        try synchronize(socket, peer)
    }

    private func openTheirs(_ peer: PythonPeer, _ options: [String]) throws {
        var options = options + ["ROUTING_ID==theirs"]
        if theirs == "ROUTER" { options.append("ROUTER_MANDATORY=1") }
        try peer.ask(["open", "s", theirs] + options)
        if theirs == "SUB" { try peer.ask("subscribe", "s", "=") }
    }

    /// Publishes until the subscription is there.
    func synchronize(_ socket: Socket, _ peer: PythonPeer) throws {
        if ours == .pub { try InteropTests.synchronize(socket, sendingTo: peer) }
        if let sub = socket as? SubSocket {
            try InteropTests.synchronize(sub, receivingFrom: peer)
        }
    }

    /// Sends a message, and one back where the pattern has that.
    func exchange(
        _ words: [String], _ socket: Socket, _ peer: PythonPeer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        if flow != .theySend, flow != .theyBegin {
            try weSend(words, socket, peer, sourceLocation)
        }
        if flow != .weSend {
            try theySend(words, socket, peer, sourceLocation)
        }
        if flow == .theyBegin { try weSend(words, socket, peer, sourceLocation) }
    }

    private func weSend(
        _ words: [String], _ socket: Socket, _ peer: PythonPeer, _ location: SourceLocation
    ) throws {
        try socket.send(words: ourEnvelope + words)
        let came = try peer.ask("recv", "s", "10000")
        try #require(came == Payload.words(theirEnvelope + words), sourceLocation: location)
    }

    private func theySend(
        _ words: [String], _ socket: Socket, _ peer: PythonPeer, _ location: SourceLocation
    ) throws {
        try peer.ask(["send", "s"] + theirEnvelope + words)
        let came = try socket.receiveWords()
        try #require(came == Payload.words(ourEnvelope + words), sourceLocation: location)
    }
}

// MARK: - Publishing reaches nobody before the subscription is there

/// Publishes until the peer has a message, and has them all.
func synchronize(_ pub: Socket, sendingTo peer: PythonPeer, name: String = "s") throws {
    try eventually("their subscription arrives") {
        try pub.send(words: ["=sync"])
        return try peer.ask("recv", name, "20") != ["none"]
    }
    try pub.send(words: ["=end"])
    try eventually("the end of the synchronization") {
        try peer.ask("recv", name, "1000") == Payload.words(["=end"])
    }
}

/// Has the peer publish until we have a message, and have them all.
func synchronize(_ sub: SubSocket, receivingFrom peer: PythonPeer, name: String = "s") throws {
    try eventually("our subscription arrives") {
        try peer.ask("send", name, "=sync")
        usleep(5000)
        return try sub.tryReceiveWords() != nil
    }
    try peer.ask("send", name, "=end")
    try eventually("the end of the synchronization") {
        try sub.receiveWords() == Payload.words(["=end"])
    }
}
