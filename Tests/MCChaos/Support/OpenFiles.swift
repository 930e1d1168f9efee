import Glibc
import MCTestSupport

/// What the process has open, for telling what was left behind.
enum OpenFiles {
    /// By descriptor, as /proc tells of it (proc(5)).
    static func now() -> [Int: String] {
        var files: [Int: String] = [:]
        for number in 0..<1024 {
            var target = [CChar](repeating: 0, count: 256)
            let count = readlink("/proc/self/fd/\(number)", &target, target.count)
            guard count > 0 else { continue }
            let bytes = target.prefix(count).map { UInt8(bitPattern: $0) }
            files[number] = String(decoding: bytes, as: UTF8.self)
        }
        return files
    }

    /// The line of a socket in the kernel's tables, with its addresses and state; empty for others.
    static func address(of target: String) -> String {
        guard target.hasPrefix("socket:[") else { return "" }
        let inode = String(target.dropFirst(8).dropLast())
        for table in ["tcp", "tcp6", "unix", "udp", "udp6"] {
            let lines = procText("/proc/net/\(table)").split(separator: "\n")
            let line = lines.first { $0.split(separator: " ").contains { $0 == inode } }
            if let line { return "\(table) \(line)" }
        }
        return "in no table"
    }
}
