internal import BenchModel
private import CBench
private import Glibc

/// What this machine is, as its kernel tells.
enum Machine {
    /// "model, N processors, Linux release".
    static var description: String {
        let information = text("/proc/cpuinfo").split(separator: "\n")
        let model = information.first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { String($0.drop { $0 == " " }) }
        let count = information.count { $0.hasPrefix("processor") }
        let release = text("/proc/sys/kernel/osrelease").filter { $0 != "\n" }
        return "\(model ?? "processor"), \(count) processors, Linux \(release)"
    }

    static var ticks: ProcessorTicks? { ProcessorTicks(statistics: text("/proc/stat")) }

    /// Clock ticks, as in `ticks`, that this process and the workers that ended have used.
    static var ownTicks: Double {
        bench_family_cpu_seconds() * Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Restricts this process, and so all workers, to the first NUMA node that has processors, where
    /// there are several. Returns what was done, in words.
    static func pinToOneNode() -> String {
        let folder = "/sys/devices/system/node"
        let nodes = numberList(text("\(folder)/has_cpu"))
        guard nodes.count > 1, let node = nodes.first else {
            return "one NUMA node, nothing pinned"
        }
        let list = text("\(folder)/node\(node)/cpulist").filter { $0 != "\n" }
        let processors = numberList(list).map { Int32($0) }
        // Safe because the array's own count is passed.
        guard unsafe bench_pin(processors, Int32(processors.count), Int32(node)) else {
            return "\(nodes.count) NUMA nodes, but this process may not be pinned"
        }
        return "\(nodes.count) NUMA nodes: processors \(list) and memory of node \(node)"
    }

    /// Of open files, to which a process may raise its own limit.
    static var descriptorLimit: Int { Int(bench_raise_descriptor_limit()) }

    private static func text(_ path: String) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var (bytes, chunk) = ([UInt8](), [UInt8](repeating: 0, count: 64 << 10))
        while true {
            // Safe because the chunk's own count is passed.
            let count = unsafe read(descriptor, &chunk, chunk.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }
}

/// Nanoseconds of the monotonic clock.
func now() -> UInt64 { bench_now() }

func seconds(since start: UInt64) -> Double { Double(now() - start) / 1e9 }
