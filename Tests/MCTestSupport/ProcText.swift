import Glibc

/// A text file of the kernel's, which has no size until it is read; empty when there is none.
package func procText(_ path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 8192)
    while true {
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return String(decoding: text, as: UTF8.self) }
        text += bytes.prefix(count)
    }
}
