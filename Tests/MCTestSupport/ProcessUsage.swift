import Glibc

/// What this process holds, as the kernel counts it, and may hold.
package struct ProcessUsage: Sendable {
    package let descriptors: Int
    package let threads: Int
    /// Resident anonymous memory, and the peak of all resident memory.
    package let residentKiB: Int
    package let peakKiB: Int

    /// As it is now.
    package init() {
        let status = procText("/proc/self/status")
        descriptors = ProcessUsage.descriptorCount
        threads = ProcessUsage.field("Threads", status)
        residentKiB = ProcessUsage.field("RssAnon", status)
        peakKiB = ProcessUsage.field("VmHWM", status)
    }

    /// `descriptors=… threads=… rss=… peak=…`, memory in KiB.
    package static var line: String {
        let now = ProcessUsage()
        return "descriptors=\(now.descriptors) threads=\(now.threads) rss=\(now.residentKiB) "
            + "peak=\(now.peakKiB)"
    }

    /// From now on this process gets no more than so many bytes of private memory on top of what it
    /// has.
    package static func limit(headroom: Int) {
        let bytes = rlim_t(field("VmData", procText("/proc/self/status")) * 1024 + headroom)
        var limit = rlimit(rlim_cur: bytes, rlim_max: bytes)
        guard setrlimit(Int32(RLIMIT_DATA.rawValue), &limit) == 0 else {
            fatalError("no limit: errno \(errno)")
        }
    }

    private static var descriptorCount: Int {
        guard let directory = opendir("/proc/self/fd") else { return -1 }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            if entry.pointee.d_name.0 != 0x2e { count += 1 }
        }
        // One of them was for looking.
        return count - 1
    }

    private static func field(_ name: String, _ status: String) -> Int {
        for line in status.split(separator: "\n") where line.hasPrefix(name + ":") {
            let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
            return words.count > 1 ? Int(words[1]) ?? -1 : -1
        }
        return -1
    }
}

/// glibc's: gives free memory back to the kernel. Its Swift module does not show it.
@_silgen_name("malloc_trim")
@discardableResult
package func malloc_trim(_ pad: Int) -> CInt

/// glibc's: writes what it keeps, as XML (malloc_info(3)). Its Swift module does not show it.
@_silgen_name("malloc_info")
private func malloc_info(_ options: CInt, _ file: UnsafeMutablePointer<FILE>) -> CInt

/// How many bytes of malloc's are in somebody's hands, or in a thread's cache.
package func allocatedKiB() -> Int {
    var text: UnsafeMutablePointer<CChar>?
    var size = 0
    guard let file = open_memstream(&text, &size) else { return -1 }
    let status = malloc_info(0, file)
    fclose(file)
    defer { free(text) }
    guard status == 0, let text else { return -1 }
    // The sums over all arenas come last.
    let lines = String(cString: text).split(separator: "\n")
    func sum(_ kind: String) -> Int {
        let line = lines.last { $0.hasPrefix("<\(kind)\"") } ?? ""
        let words = line.split(separator: "\"")
        return words.last { Int($0) != nil }.flatMap { Int($0) } ?? 0
    }
    let free = sum("total type=\"fast") + sum("total type=\"rest")
    return (sum("system type=\"current") + sum("total type=\"mmap") - free) >> 10
}
