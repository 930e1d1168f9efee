/// Whose code a worker runs.
public enum Library: String, Codable, Sendable, CaseIterable {
    case ours
    /// Ours through its C interface: the worker on libzmq, which finds our library in its place.
    case oursInC
    case libzmq
    case raw
}

/// A library, and how it is used where there are several ways.
public struct Contender: Hashable, Sendable {
    public let library: Library
    /// Options of the worker beside the case's.
    public let options: [String]
    /// In tables and files.
    public let label: String

    init(_ library: Library, _ options: [String] = [], label: String? = nil) {
        self.library = library
        self.options = options
        self.label = label ?? library.rawValue
    }

    public static let ours = Contender(.ours)
    public static let libzmq = Contender(.libzmq)
    public static let raw = Contender(.raw)
    static let oursInC = Contender(.oursInC, label: "ours in C")

    /// Ours, received in another way than by polling.
    static func ours(style: String) -> Contender {
        Contender(.ours, ["style=\(style)"], label: "ours \(style)")
    }

    /// Ours, with threads that look on for up to 50 µs before they sleep, or for not a moment.
    static let spinning = Contender(.ours, ["spin=50"], label: "ours spin")
    static let sleeping = Contender(.ours, ["spin=0"], label: "ours no spin")

    /// A raw stream that is written in pieces of so many bytes.
    static func raw(writeBytes: Int) -> Contender {
        Contender(.raw, ["write=\(writeBytes)"], label: "raw \(Text.bytes(writeBytes))")
    }
}
