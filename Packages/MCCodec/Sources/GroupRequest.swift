/// A DISH socket's wish: to get the messages of a group from now on, or no longer (RFC 48).
///
/// On the wire it is the command JOIN or LEAVE, whose data is the group's name. A peer in the same
/// process gets the command's body as a message.
public struct GroupRequest: Hashable, Sendable {
    /// True to join, false to leave.
    public var isJoin: Bool
    /// The group's name, up to 255 bytes.
    public var group: [UInt8]

    public init(isJoin: Bool, group: [UInt8]) {
        self.isJoin = isJoin
        self.group = group
    }

    private static let join = [4] + Array("JOIN".utf8)
    private static let leave = [5] + Array("LEAVE".utf8)

    /// The command's body: the name with its length in front, then the group.
    public var body: [UInt8] { (isJoin ? Self.join : Self.leave) + group }

    /// Appends the whole command frame.
    public func encode(into output: inout [UInt8]) {
        Command.appendFrame(name: isJoin ? "JOIN" : "LEAVE", data: group, into: &output)
    }

    /// Reads a command's body without a copy; nil when it is another command, or none. The group is
    /// part of `body`.
    public static func parse(
        _ body: UnsafeRawBufferPointer
    ) -> (isJoin: Bool, group: UnsafeRawBufferPointer)? {
        for (isJoin, name) in [(true, join), (false, leave)] where unsafe body.starts(with: name) {
            return unsafe (isJoin, UnsafeRawBufferPointer(rebasing: body[name.count...]))
        }
        return nil
    }
}
