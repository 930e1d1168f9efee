private import Glibc

/// A folder for sockets and scratch files, removed with what is directly in it.
public final class TemporaryFolder {
    /// Why there is none.
    public struct CreationError: Error, CustomStringConvertible {
        /// The reason, in words.
        public let description: String
    }

    /// The folder.
    public let path: String

    /// Makes a folder that only this user can enter, in TMPDIR or /tmp.
    public init() throws(CreationError) {
        // Safe because the environment is not changed meanwhile, and the text is copied.
        let parent = unsafe getenv("TMPDIR").map { unsafe String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/mcomm-XXXXXX".utf8CString)
        // Safe because the template is a C string, which is changed in place.
        guard unsafe mkdtemp(&template) != nil else {
            let number = errno
            throw CreationError(
                description: "\(parent): \(unsafe String(cString: strerror(number)))")
        }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        // Safe because entries live until the next call for the same folder.
        if let folder = unsafe opendir(path) {
            while let entry = unsafe readdir(folder) {
                let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) {
                        unsafe String(cString: $0)
                    }
                }
                if name != ".", name != ".." { unsafe unlink("\(path)/\(name)") }
            }
            unsafe closedir(folder)
        }
        unsafe rmdir(path)
    }
}
