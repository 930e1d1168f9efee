private import Glibc

/// Several children, whose lines are read as they come.
public struct ChildGroup {
    /// What happened next.
    public enum Event {
        /// A child wrote a line; one without an end is not told.
        case line(child: Int, text: String)
        /// A child closed its standard output: it has ended, or is about to.
        case ended(child: Int)
        /// Nothing until the deadline.
        case deadline
    }

    /// The children, in the order in which they were started.
    public private(set) var children: [ChildProcess] = []
    private var buffers: [LineBuffer] = []
    private var isOpen: [Bool] = []

    /// No children.
    public init() {}

    /// Adds a child; returns its number.
    @discardableResult
    public mutating func add(_ child: ChildProcess) -> Int {
        children.append(child)
        buffers.append(LineBuffer())
        isOpen.append(true)
        return children.count - 1
    }

    /// Waits for the next line or end of any child, at most until `deadline` (of `Clock`).
    public mutating func next(until deadline: UInt64) -> Event {
        while true {
            for index in children.indices {
                if let line = buffers[index].next() {
                    return .line(child: index, text: String(decoding: line, as: UTF8.self))
                }
            }
            let open = children.indices.filter { isOpen[$0] }
            var waiting = open.map {
                pollfd(fd: children[$0].output, events: Int16(POLLIN), revents: 0)
            }
            let now = Clock.nanoseconds()
            guard now < deadline, !open.isEmpty else { return .deadline }
            let milliseconds = Int32(clamping: (deadline - now) / 1_000_000 + 1)
            // Safe because the array's own count is passed.
            guard unsafe poll(&waiting, nfds_t(waiting.count), milliseconds) > 0 else { continue }
            for (index, entry) in zip(open, waiting) where entry.revents != 0 {
                if !read(index) { return .ended(child: index) }
            }
        }
    }

    /// False at the end of the child's output.
    private mutating func read(_ index: Int) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        // Safe because the chunk's own count is passed.
        let count = unsafe Glibc.read(children[index].output, &chunk, chunk.count)
        if count < 0, errno == EINTR { return true }
        guard count > 0 else {
            isOpen[index] = false
            return false
        }
        buffers[index].append(chunk[..<count])
        return true
    }
}
