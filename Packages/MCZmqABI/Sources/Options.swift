import CMCZmq
import MCLock
import MCPool

/// A socket option's value in one of libzmq's forms.
enum OptionValue {
    case int(Int32)
    /// A number that libzmq also puts into more room than it needs.
    case state(Int32)
    case long(Int64)
    case unsigned(UInt64)
    case bytes([UInt8])
    /// With a zero byte behind it.
    case text([UInt8])
}

/// A socket option: how it is read and how it is set, nil where it cannot be.
struct SocketOption: Sendable {
    typealias Getter = @Sendable (ZmqSocket) throws(Errno) -> OptionValue
    typealias Setter = @Sendable (ZmqSocket, OptionInput) throws(Errno) -> Void

    var get: Getter?
    var set: Setter?
}

/// What the user passes to zmq_setsockopt.
@safe
struct OptionInput {
    let address: UnsafeRawPointer?
    let count: Int

    init(address: UnsafeRawPointer?, count: Int) {
        unsafe self.address = address
        self.count = count
    }

    private func load<Value: BitwiseCopyable>(_ type: Value.Type) throws(Errno) -> Value {
        guard count == MemoryLayout<Value>.size else { throw .invalid }
        guard let address = unsafe address else { throw .fault }
        return unsafe address.loadUnaligned(as: type)
    }

    func int(_ range: ClosedRange<Int32>) throws(Errno) -> Int {
        let value = try load(Int32.self)
        guard range.contains(value) else { throw .invalid }
        return Int(value)
    }

    /// 0 or 1, and nothing else.
    var strictFlag: Bool {
        get throws(Errno) { try int(0...1) == 1 }
    }

    /// What is not 0 is true.
    var flag: Bool {
        get throws(Errno) { try int(Int32.min...Int32.max) != 0 }
    }

    var long: Int64 {
        get throws(Errno) { try load(Int64.self) }
    }

    var unsigned: UInt64 {
        get throws(Errno) { try load(UInt64.self) }
    }

    func bytes(_ lengths: ClosedRange<Int>) throws(Errno) -> [UInt8] {
        guard lengths.contains(count) else { throw .invalid }
        guard count > 0 else { return [] }
        guard let address = unsafe address else { throw .fault }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: address, count: count))
    }

    /// Text, or no text at all: null, which is not the same as an empty one.
    func text(upTo limit: Int, isEmptyAllowed: Bool = false) throws(Errno) -> OptionText {
        if count == 0, unsafe address != nil, !isEmptyAllowed { throw .invalid }
        guard let text = OptionText(try bytes(0...limit)) else { throw .invalid }
        return text
    }
}

/// Text as the user gave it, to be read back, and what it says: up to the first zero byte.
struct OptionText {
    let bytes: [UInt8]
    let text: String

    /// - Returns: nil for what is no UTF-8. libzmq takes any bytes; nothing that is named here has such
    ///   a name.
    init?(_ bytes: [UInt8]) {
        guard let text = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) else {
            return nil
        }
        self.bytes = bytes
        self.text = text
    }
}

/// All options by number.
enum OptionTable {
    static func option(_ number: Int32, of socket: ZmqSocket) -> SocketOption? {
        // A socket type may have an option of its own under a number that others share.
        if let option = PatternOptions.option(number, of: socket) ?? general[number] {
            return option
        }
        #if ZMQ_BUILD_DRAFT_API
        return PatternOptions.draftForAll[number]
        #else
        return nil
        #endif
    }

    private static let general: [Int32: SocketOption] = {
        var table: [Int32: SocketOption] = [:]
        for group in [
            StateOptions.table, QueueOptions.table, ConnectionOptions.table, TCPOptions.table,
            FilterOptions.table,
            SecurityOptions.table, MulticastOptions.table,
        ] {
            table.merge(group) { first, _ in first }
        }
        return table
    }()
}

// MARK: - Kinds of options

extension SocketOption {
    /// A number of the engine's.
    static func int(
        _ path: any (WritableKeyPath<EngineOptions, Int> & Sendable), _ range: ClosedRange<Int32>
    ) -> SocketOption {
        SocketOption(
            get: { socket throws(Errno) in
                .int(Int32(clamping: socket.engine.getOptions()[keyPath: path]))
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(range)
                socket.engine.setOptions { $0[keyPath: path] = value }
            })
    }

    /// A number of the engine's that -1 leaves to the system.
    static func systemInt(
        _ path: any (WritableKeyPath<EngineOptions, Int?> & Sendable), _ range: ClosedRange<Int32>
    ) -> SocketOption {
        SocketOption(
            get: { socket throws(Errno) in
                .int(Int32(clamping: socket.engine.getOptions()[keyPath: path] ?? -1))
            },
            set: { socket, input throws(Errno) in
                let value = try input.int(range)
                socket.engine.setOptions { $0[keyPath: path] = value < 0 ? nil : value }
            })
    }

    /// Text of the engine's, which is kept as it was given under its number.
    static func text(
        _ number: Int32, _ path: any (WritableKeyPath<EngineOptions, String> & Sendable),
        upTo limit: Int, isEmptyAllowed: Bool = false
    ) -> SocketOption {
        SocketOption(
            get: { socket throws(Errno) in .text(socket.extras.withLock { $0.texts[number] ?? [] })
            },
            set: { socket, input throws(Errno) in
                let value = try input.text(upTo: limit, isEmptyAllowed: isEmptyAllowed)
                socket.engine.setOptions { $0[keyPath: path] = value.text }
                socket.extras.withLock { $0.texts[number] = value.bytes }
            })
    }

    /// Off or on, where libzmq takes whatever is not 0 for on, and this interface keeps it and nothing
    /// depends on it.
    static func idleFlag(
        _ path: any (WritableKeyPath<ExtraOptions, Int32> & Sendable)
    ) -> SocketOption {
        var option = idle(path, Int32.min...Int32.max)
        option.set = { socket, input throws(Errno) in
            let value: Int32 = try input.flag ? 1 : 0
            socket.extras.withLock { $0[keyPath: path] = value }
        }
        return option
    }

    /// A number that this interface keeps and nothing depends on: its transport is none of ours.
    static func idle(
        _ path: any (WritableKeyPath<ExtraOptions, Int32> & Sendable), _ range: ClosedRange<Int32>
    ) -> SocketOption {
        SocketOption(
            get: { socket throws(Errno) in
                .int(socket.extras.withLock { $0[keyPath: path] })
            },
            set: { socket, input throws(Errno) in
                let value = Int32(clamping: try input.int(range))
                socket.extras.withLock { $0[keyPath: path] = value }
            })
    }

    /// Something that can only be read.
    static func read(_ get: @escaping Getter) -> SocketOption {
        SocketOption(get: get)
    }
}
