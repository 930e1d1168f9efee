import Glibc

/// What this process holds, as the kernel counts it, and may hold.
package enum ProcessUsage {
    /// `descriptors=… threads=… rss=… peak=…`, memory in KiB.
    package static var line: String {
        let status = procText("/proc/self/status")
        return "descriptors=\(descriptorCount) threads=\(field("Threads", status)) "
            + "rss=\(field("RssAnon", status)) peak=\(field("VmHWM", status))"
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
