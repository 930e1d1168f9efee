// Ways through the tree: down along a topic, to a prefix that is there, to one that is made, and
// up again from one that nobody wants.

extension SubscriptionNodes {
    /// Calls `body` with the set of every node whose prefix `topic` begins with and that has
    /// subscribers, shortest first, until it returns false.
    @inlinable @inline(__always)
    func walk(_ topic: UnsafeRawBufferPointer, _ body: (UInt32) -> Bool) {
        let root = unsafe base
        if unsafe root.pointee.set != 0 {
            guard unsafe body(root.pointee.set) else { return }
        }
        guard var next = topic.baseAddress else { return }
        var left = topic.count
        var branch = unsafe root.pointee.branch
        while left > 0 {
            guard let child = unsafe Self.child(of: branch, next.load(as: UInt8.self)) else {
                return
            }
            branch = unsafe child.pointee
            unsafe next += 1
            left -= 1
            if branch.isPlain { continue }
            if branch.isLeaf {
                _ = body(branch.leafSet)
                return
            }
            let node = unsafe base + Int(branch.node)
            let length = unsafe Int(node.pointee.labelLength)
            if length > 0 {
                guard length <= left else { return }
                guard unsafe Self.isLabel(of: node, length, at: next) else { return }
                unsafe next += length
                left -= length
            }
            if unsafe node.pointee.set != 0 {
                guard unsafe body(node.pointee.set) else { return }
            }
        }
    }

    /// Whether the `length` bytes at `bytes` are the label of `node`, which has that length.
    @inlinable @inline(__always)
    static func isLabel(
        of node: UnsafeMutablePointer<SubscriptionNode>, _ length: Int, at bytes: UnsafeRawPointer
    ) -> Bool {
        // Safe because both sides have `length` bytes; the last eight, four or one of them may
        // be compared twice.
        let label =
            if length <= longestInlineLabel { UnsafeRawPointer(node) } else {
                unsafe UnsafeRawPointer(bitPattern: UInt(node.pointee.label.0))
                    ?? UnsafeRawPointer(node)
            }
        if length >= 8 {
            var offset = 0
            while offset + 8 <= length {
                guard unsafe isSame(label, bytes, at: offset, as: UInt64.self) else {
                    return false
                }
                offset += 8
            }
            return unsafe isSame(label, bytes, at: length - 8, as: UInt64.self)
        }
        if length >= 4 {
            return unsafe isSame(label, bytes, at: 0, as: UInt32.self)
                && isSame(label, bytes, at: length - 4, as: UInt32.self)
        }
        for offset in 0..<length {
            guard unsafe isSame(label, bytes, at: offset, as: UInt8.self) else { return false }
        }
        return true
    }

    @inlinable @inline(__always)
    static func isSame<T: FixedWidthInteger & BitwiseCopyable>(
        _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, at offset: Int, as type: T.Type
    ) -> Bool {
        unsafe left.loadUnaligned(fromByteOffset: offset, as: type)
            == right.loadUnaligned(fromByteOffset: offset, as: type)
    }

    /// The node that stands for exactly `prefix`, with entries or without.
    func find(_ prefix: UnsafeRawBufferPointer) -> UInt32? {
        var number: UInt32 = 0
        var offset = 0
        while offset < prefix.count {
            guard
                let child = unsafe Self.child(of: base[Int(number)].branch, prefix[offset])
            else { return nil }
            number = unsafe child.pointee.node
            offset += 1
            let label = unsafe label(of: number)
            guard label.count <= prefix.count - offset,
                unsafe label.elementsEqual(prefix[offset..<(offset + label.count)])
            else { return nil }
            offset += label.count
        }
        return number
    }

    /// The node that stands for exactly `prefix`; it is made if it is not there.
    mutating func insert(_ prefix: UnsafeRawBufferPointer) -> UInt32 {
        var number: UInt32 = 0
        var offset = 0
        while offset < prefix.count {
            let branch = unsafe base[Int(number)].branch
            guard let child = unsafe Self.child(of: branch, prefix[offset])?.pointee.node else {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: prefix[offset...])
                return unsafe append(rest, to: number)
            }
            offset += 1
            let label = unsafe label(of: child)
            var shared = 0
            while shared < label.count, offset < prefix.count,
                unsafe label[shared] == prefix[offset]
            {
                shared += 1
                offset += 1
            }
            number = shared < label.count ? split(child, at: shared) : child
        }
        return number
    }

    /// Hangs `bytes`, at least one, below `parent`: as many nodes as labels are needed.
    private mutating func append(_ bytes: UnsafeRawBufferPointer, to parent: UInt32) -> UInt32 {
        var parent = parent
        var offset = 0
        while offset < bytes.count {
            let end = min(bytes.count, offset + 1 + Self.longestLabel)
            let child = allocate()
            unsafe setLabel(
                of: child, UnsafeRawBufferPointer(rebasing: bytes[(offset + 1)..<end]))
            unsafe addChild(child, key: bytes[offset], to: parent)
            parent = child
            offset = end
        }
        return parent
    }

    /// Divides a node's label: a new node takes the first `length` bytes of it, and the node
    /// itself, whose number others hold, goes below with what is behind the byte that follows.
    private mutating func split(_ lower: UInt32, at length: Int) -> UInt32 {
        let upper = allocate()
        let label = unsafe label(of: lower)
        let key = unsafe label[length]
        unsafe setLabel(of: upper, UnsafeRawBufferPointer(rebasing: label[..<length]))
        unsafe setLabel(of: lower, UnsafeRawBufferPointer(rebasing: label[(length + 1)...]))
        let (parent, branch) = unsafe (
            base[Int(lower)].parent, base[Int(lower)].branch.key
        )
        replaceChild(key: branch, of: parent, with: upper)
        addChild(lower, key: key, to: upper)
        return upper
    }

    /// Removes a node that nobody wants, and those above that were there for its sake only.
    mutating func prune(_ number: UInt32) {
        var number = number
        while number != 0, unsafe base[Int(number)].entryCount == 0 {
            let node = unsafe base[Int(number)]
            switch node.childCount {
            case 0:
                removeChild(key: node.branch.key, of: node.parent)
                free(number)
                number = node.parent
            case 1:
                let child = onlyChild(of: number)
                let lower = unsafe base[Int(child)]
                let length = Int(node.labelLength) + 1 + Int(lower.labelLength)
                guard length <= Self.longestLabel else { return }
                unsafe setLabel(
                    of: child, label(of: number), key: lower.branch.key, label(of: child))
                replaceChild(key: node.branch.key, of: node.parent, with: child)
                free(number)
                return
            default:
                return
            }
        }
    }
}
