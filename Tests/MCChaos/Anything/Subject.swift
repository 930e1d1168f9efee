import MCTestSupport

/// A socket of ours to which anything may happen, from any thread, at any time: also in the middle of
/// another call, and when it has been closed.
///
/// What a call answers is nobody's business here: that it answers is, and that a failure has a reason.
protocol Subject: AnyObject, Sendable {
    /// Which context it lives in.
    var home: ObjectIdentifier { get }
    var name: String { get }
    var speaksDatagrams: Bool { get }

    func bind(_ endpoint: String)
    func connect(_ endpoint: String)
    func unbind(_ endpoint: String)
    func disconnect(_ endpoint: String)
    /// Where it was bound or connected last.
    var lastEndpoint: String { get }

    /// Sets some option, to a value that is allowed or is not.
    func change(_ chance: inout Chance)
    /// Asks for some option, for events, for whatever can be asked.
    func look(_ chance: inout Chance)
    func send(_ chance: inout Chance)
    func receive(_ chance: inout Chance)
    /// Something that only some can do.
    func special(_ world: World, _ chance: inout Chance)
    func close()
}
