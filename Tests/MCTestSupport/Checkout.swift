import Glibc

/// Where things are.
package enum Checkout {
    package static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    package static func path(_ relative: String) -> String { "\(root)/\(relative)" }

    /// The interpreter that has pyzmq.
    package static func python() throws -> String {
        try tool("MC_PYTHON", otherwise: ".venv/bin/python")
    }

    /// A program that the environment names, or that stands at its usual place.
    package static func tool(_ variable: String, otherwise relative: String) throws -> String {
        let path = getenv(variable).map { String(cString: $0) } ?? path(relative)
        guard access(path, X_OK) == 0 else {
            throw Failure("\(path) is missing: run ./Tools/test, which makes it (\(variable))")
        }
        return path
    }

    /// A program of ours that stands beside the tests.
    package static func program(_ name: String) throws -> String {
        guard let executable = realpath("/proc/self/exe", nil) else {
            throw Failure("the tests do not know where they are: errno \(errno)")
        }
        defer { free(executable) }
        var parts = String(cString: executable)
            .split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        while !parts.isEmpty {
            parts[parts.count - 1] = name
            let path = parts.joined(separator: "/")
            if access(path, X_OK) == 0 { return path }
            parts.removeLast()
        }
        throw Failure("\(name) does not stand beside the tests")
    }
}
