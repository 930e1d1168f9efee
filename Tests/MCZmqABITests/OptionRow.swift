import CMCZmq

/// What an option is given, in libzmq's forms.
enum OptionSample: Sendable, Equatable {
    case int(Int32)
    case long(Int64)
    case bytes([UInt8])
    /// No memory at all.
    case null

    static func text(_ text: String) -> OptionSample { .bytes(Array(text.utf8)) }

    static func many(_ count: Int) -> OptionSample { .bytes(Array(repeating: 65, count: count)) }

    /// As it lies in memory.
    var memory: [UInt8] {
        switch self {
        case .int(let value): withUnsafeBytes(of: value) { Array($0) }
        case .long(let value): withUnsafeBytes(of: value) { Array($0) }
        case .bytes(let bytes): bytes
        case .null: []
        }
    }
}

/// A socket option as zmq.h names it: what it takes, what it gives, and where its effect is tested.
struct OptionRow: Sendable {
    enum Form: Sendable {
        /// 4 bytes, no more and no less.
        case int
        /// 4 bytes, into whatever room there is.
        case state
        /// 8 bytes, no more and no less.
        case long
        /// Into whatever room there is.
        case bytes
        /// As `bytes`, with a zero byte behind it.
        case text
    }

    enum Access: Sendable {
        case both, read, write
        /// EINVAL, whatever is asked: what it belongs to is not built in.
        case none
    }

    /// As in zmq.h.
    let name: String
    var form = Form.int
    var access = Access.both
    /// What a new socket has; nil where that is told elsewhere.
    var fresh: OptionSample?
    /// Where a socket type has another.
    var freshOf: [Int32: OptionSample] = [:]
    /// What can be set, and is read back as it was or (second) as another.
    var good: [(OptionSample, OptionSample)] = []
    /// What is refused, and leaves everything as it was.
    var bad: [OptionSample] = []
    /// The socket types that have it; nil for all. On others setting is EINVAL, and so is reading unless
    /// `isReadByAll`.
    var types: Set<Int32>?
    var isReadByAll = false
    /// Types of which libzmq takes it and we do not.
    var refusedBy: Set<Int32> = []
    /// Only with libzmq's drafts: EINVAL without.
    var isDraft = false
    /// The tests that fail when it is ignored: FOLDER/FILE/FUNCTION under Tests, or a program of libzmq's.
    var effects: [String] = []
    /// Why it has none.
    var idle: String?

    func with(_ change: (inout OptionRow) -> Void) -> OptionRow {
        var row = self
        change(&row)
        return row
    }

    /// Is there for this socket type, in this build.
    func isThere(_ type: Int32, isDraft: Bool) -> Bool {
        access != .none && (isDraft || !self.isDraft) && types?.contains(type) ?? true
    }

    // MARK: Common kinds

    static func int(
        _ name: String, _ fresh: Int32, good: [Int32], bad: [Int32], _ effects: String...
    ) -> OptionRow {
        OptionRow(
            name: name, fresh: .int(fresh), good: good.map { (.int($0), .int($0)) },
            bad: bad.map { .int($0) }, effects: effects)
    }

    /// 0 or 1.
    static func flag(_ name: String, _ fresh: Int32 = 0, _ effects: String...) -> OptionRow {
        OptionRow(
            name: name, fresh: .int(fresh), good: [(.int(1), .int(1)), (.int(0), .int(0))],
            bad: [.int(2), .int(-1)], effects: effects)
    }

    /// 0 or not.
    static func relaxedFlag(
        _ name: String, _ fresh: Int32 = 0, _ effects: String...
    ) -> OptionRow {
        OptionRow(
            name: name, fresh: .int(fresh),
            good: [
                (.int(1), .int(1)), (.int(0), .int(0)), (.int(-7), .int(1)), (.int(2), .int(1)),
            ],
            effects: effects)
    }

    /// 0 or positive, of some types, and not to be read.
    static func patternFlag(
        _ name: String, of types: Set<Int32>, _ effects: String...
    ) -> OptionRow {
        OptionRow(
            name: name, access: .write, good: [0, 1, 77].map { (.int($0), .int($0)) },
            bad: [.int(-1)], types: types, effects: effects)
    }

    static func text(
        _ name: String, good: [String], bad: [OptionSample], _ effects: String...
    ) -> OptionRow {
        OptionRow(
            name: name, form: .text, fresh: .text(""),
            good: good.map { (.text($0), .text($0)) } + [(.text("x\0y"), .text("x\0y"))],
            bad: bad, effects: effects)
    }

    static func state(_ name: String, _ fresh: OptionSample?, _ effects: String...) -> OptionRow {
        OptionRow(name: name, form: .state, access: .read, fresh: fresh, effects: effects)
    }

    /// Of what is not built in.
    static func refused(_ name: String, _ samples: OptionSample...) -> OptionRow {
        OptionRow(name: name, access: .none, bad: samples, idle: "not built in")
    }
}
