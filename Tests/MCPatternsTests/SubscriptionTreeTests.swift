import MCPatterns
import MCTestSupport
import Testing

/// As `#expect`, which cannot look into expressions with noncopyable values.
private func check(
    _ condition: Bool, _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(condition, comment, sourceLocation: sourceLocation)
}

/// Who the tree says wants `topic`; every subscriber once.
private func match(_ tree: inout SubscriptionTree, _ topic: [UInt8]) -> [Int] {
    var found: [Int] = []
    unsafe topic.withUnsafeBytes { buffer in
        found = unsafe Array(tree.audience(of: buffer).list)
    }
    check(Set(found).count == found.count, "a subscriber was visited twice")
    let any = unsafe topic.withUnsafeBytes { unsafe tree.matches(topic: $0) }
    check(any == !found.isEmpty)
    return found.sorted()
}

/// Asks for one topic after the other without a change of the tree: an audience that is said to be the
/// same is.
private func checkRepeats(
    _ tree: inout SubscriptionTree, _ model: Model, topics: [[UInt8]]
) {
    var last: [Int]?
    for topic in topics {
        let (list, isSame) = unsafe topic.withUnsafeBytes { buffer in
            let (list, isSame) = unsafe tree.audience(of: buffer)
            return unsafe (Array(list), isSame)
        }
        check(list.sorted() == model.match(topic))
        if let last {
            check(!isSame || list == last)
            // One and the same topic is known again.
            if topic == topics[0], topics[0] == topics[1], list == last { check(isSame) }
        }
        last = list
    }
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What the tree must do, in the plainest way.
private struct Model {
    var wishes: [[UInt8]: [Int: Int]] = [:]

    mutating func add(_ prefix: [UInt8], _ subscriber: Int) -> Bool {
        wishes[prefix, default: [:]][subscriber, default: 0] += 1
        return wishes[prefix]?[subscriber] == 1
    }

    mutating func remove(_ prefix: [UInt8], _ subscriber: Int) -> Bool {
        guard let count = wishes[prefix]?[subscriber] else { return false }
        wishes[prefix]?[subscriber] = count == 1 ? nil : count - 1
        if wishes[prefix]?.isEmpty == true { wishes[prefix] = nil }
        return count == 1
    }

    mutating func removeAll(_ subscriber: Int) -> Set<[UInt8]> {
        var vanished: Set<[UInt8]> = []
        for prefix in wishes.keys {
            guard wishes[prefix]?.removeValue(forKey: subscriber) != nil else { continue }
            if wishes[prefix]?.isEmpty == true {
                wishes[prefix] = nil
                vanished.insert(prefix)
            }
        }
        return vanished
    }

    func match(_ topic: [UInt8]) -> [Int] {
        var found: Set<Int> = []
        for (prefix, subscribers) in wishes where topic.starts(with: prefix) {
            found.formUnion(subscribers.keys)
        }
        return found.sorted()
    }

    func prefixes(of subscriber: Int) -> [[UInt8]: Int] {
        wishes.compactMapValues { $0[subscriber] }
    }
}

/// Makes prefixes that share a lot: from a few letters, or from runs that cross labels.
private struct PrefixMaker {
    let alphabet: [UInt8]
    let longest: Int
    let runs: Bool

    func make(_ random: inout SeededGenerator) -> [UInt8] {
        let length = Int.random(in: 0...longest, using: &random)
        if runs {
            var prefix = [UInt8](repeating: alphabet[0], count: length)
            for _ in 0..<Int.random(in: 0...2, using: &random) where !prefix.isEmpty {
                let index = Int.random(in: 0..<prefix.count, using: &random)
                prefix[index] = alphabet.randomElement(using: &random) ?? 0
            }
            return prefix
        }
        return (0..<length).map { _ in alphabet.randomElement(using: &random) ?? 0 }
    }
}

@Suite struct SubscriptionTreeTests {
    @Test func `an empty tree wants nothing`() {
        var tree = SubscriptionTree()
        check(tree.isEmpty && tree.prefixCount == 0)
        check(match(&tree, []) == [])
        check(match(&tree, bytes("a")) == [])
        check(!tree.remove(prefix: [], subscriber: 1))
        check(!tree.contains(prefix: []))
        tree.removeAll(subscriber: 1)
    }

    @Test func `the empty prefix wants everything`() {
        var tree = SubscriptionTree()
        check(tree.add(prefix: [], subscriber: 7))
        check(match(&tree, []) == [7])
        check(match(&tree, bytes("anything")) == [7])
        check(tree.prefixCount == 1 && !tree.isEmpty)
        check(tree.remove(prefix: [], subscriber: 7))
        check(tree.isEmpty)
    }

    @Test func `subscriptions are counted, as RFC 37 wants`() {
        var tree = SubscriptionTree()
        check(tree.add(prefix: bytes("A"), subscriber: 1))
        check(!tree.add(prefix: bytes("A"), subscriber: 1))
        check(tree.add(prefix: bytes("A"), subscriber: 2))
        check(!tree.remove(prefix: bytes("A"), subscriber: 1))
        check(match(&tree, bytes("AB")) == [1, 2])
        check(tree.remove(prefix: bytes("A"), subscriber: 1))
        check(match(&tree, bytes("AB")) == [2])
        check(!tree.remove(prefix: bytes("A"), subscriber: 1))
        check(tree.contains(prefix: bytes("A")))
    }

    @Test func `whoever wants several prefixes of a topic is visited once`() {
        var tree = SubscriptionTree()
        for prefix in ["", "a", "ab", "abc", "abd"] {
            tree.add(prefix: bytes(prefix), subscriber: -5)
        }
        tree.add(prefix: bytes("ab"), subscriber: .max)
        check(match(&tree, bytes("abc")) == [-5, .max])
        check(match(&tree, bytes("a")) == [-5])
        check(tree.prefixCount == 5)
    }

    @Test func `what ends in the middle of another prefix matches nothing`() {
        var tree = SubscriptionTree()
        tree.add(prefix: bytes("market/equity/ACME"), subscriber: 1)
        for topic in ["", "m", "market/", "market/equity/ACM", "market/equity/ACMX", "n"] {
            check(match(&tree, bytes(topic)) == [])
            check(!tree.contains(prefix: bytes(topic)))
        }
        tree.add(prefix: bytes("market/bond"), subscriber: 2)
        check(!tree.contains(prefix: bytes("market/")))
        check(match(&tree, bytes("market/equity/ACME.L")) == [1])
        check(match(&tree, bytes("market/bonds")) == [2])
    }

    @Test func `a subscriber leaves with all that it wanted`() {
        var tree = SubscriptionTree()
        for prefix in ["", "a", "b", "b"] { tree.add(prefix: bytes(prefix), subscriber: 1) }
        for prefix in ["a", "c"] { tree.add(prefix: bytes(prefix), subscriber: 2) }
        var prefixes: [String: Int] = [:]
        tree.forEachPrefix(of: 1) { prefixes[String(decoding: $0, as: UTF8.self)] = $1 }
        check(prefixes == ["": 1, "a": 1, "b": 2])
        var vanished: [String] = []
        tree.removeAll(subscriber: 1) { vanished.append(String(decoding: $0, as: UTF8.self)) }
        check(vanished.sorted() == ["", "b"])
        check(match(&tree, bytes("abc")) == [2] && match(&tree, bytes("b")) == [])
        check(tree.prefixCount == 2)
        tree.forEachPrefix(of: 1) { prefix, _ in Issue.record("\(prefix) is left") }
    }

    @Test(arguments: [
        (letters: "ab", longest: 8, runs: false), ("abcdefghijklmnopqrstuvwxyz", 4, false),
        ("a\u{1}\u{7f}z", 6, false), ("xyz", 600, true), ("xy", 40, true),
    ])
    func `it does what the model does`(letters: String, longest: Int, runs: Bool) {
        var random = SeededGenerator(seed: UInt64(longest) &* 31 &+ UInt64(letters.utf8.count))
        var alphabet = bytes(letters)
        if letters.utf8.count == 4 { alphabet += [0, 0x80, 0xff, 0xfe] }
        let maker = PrefixMaker(alphabet: alphabet, longest: longest, runs: runs)
        var tree = SubscriptionTree()
        var model = Model()
        var known: [[UInt8]] = [[]]
        for round in 0..<1_600 {
            let subscriber = Int.random(in: 0..<12, using: &random) * 1_000_003
            let reuse = Bool.random(using: &random)
            let prefix = reuse ? known.randomElement(using: &random) ?? [] : maker.make(&random)
            // It grows for a while, and then it shrinks, again and again.
            let adds = round / 200 % 2 == 0 ? 6 : 2
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<adds:
                check(
                    tree.add(prefix: prefix, subscriber: subscriber)
                        == model.add(prefix, subscriber))
                known.append(prefix)
            case 9 where Int.random(in: 0..<8, using: &random) == 0:
                var vanished: Set<[UInt8]> = []
                tree.removeAll(subscriber: subscriber) { vanished.insert($0) }
                check(vanished == model.removeAll(subscriber))
            default:
                check(
                    tree.remove(prefix: prefix, subscriber: subscriber)
                        == model.remove(prefix, subscriber))
            }
            if known.count > 300 { known.removeFirst(100) }
            check(tree.prefixCount == model.wishes.count)
            let topic = prefix + maker.make(&random)
            let isSame = unsafe topic.withUnsafeBytes { unsafe tree.audience(of: $0).isSame }
            check(!isSame, "after a change, even one that changes nothing, nothing is the same")
            check(match(&tree, topic) == model.match(topic))
            checkRepeats(&tree, model, topics: [topic, topic, prefix, known[0], [], topic])
            check(tree.contains(prefix: prefix) == (model.wishes[prefix] != nil))
            if round % 100 == 0 {
                var prefixes: [[UInt8]: Int] = [:]
                tree.forEachPrefix(of: subscriber) { prefixes[$0] = $1 }
                check(prefixes == model.prefixes(of: subscriber))
            }
        }
        for subscriber in 0..<12 { tree.removeAll(subscriber: subscriber * 1_000_003) }
        check(tree.isEmpty && tree.nodeCount == 1)
    }

    @Test func `all bytes may branch at one node, in any order`() {
        var random = SeededGenerator(seed: 21)
        for _ in 0..<20 {
            var tree = SubscriptionTree()
            let keys = (0...255).shuffled(using: &random)
            for (count, key) in keys.enumerated() {
                tree.add(prefix: [9, UInt8(key)], subscriber: key)
                let seen = keys[Int.random(in: 0...count, using: &random)]
                check(match(&tree, [9, UInt8(seen), 1]) == [seen])
            }
            let order = keys.shuffled(using: &random)
            for (index, key) in order.enumerated() {
                check(tree.remove(prefix: [9, UInt8(key)], subscriber: key))
                check(match(&tree, [9, UInt8(key)]) == [])
                for left in order[(index + 1)...].prefix(3) {
                    check(match(&tree, [9, UInt8(left)]) == [left])
                }
            }
            check(tree.isEmpty && tree.nodeCount == 1)
        }
    }
}

@Suite struct SubscriptionTreeGrowthTests {
    @Test func `subscribers that come and go leave nothing behind`() {
        var tree = SubscriptionTree()
        tree.add(prefix: bytes("stays"), subscriber: -1)
        var most = 0
        for subscriber in 0..<10_000 {
            for topic in 0..<5 {
                tree.add(prefix: bytes("topic/\(subscriber % 97)/\(topic)"), subscriber: subscriber)
            }
            most = max(most, tree.nodeCount)
            tree.removeAll(subscriber: subscriber)
            check(tree.nodeCount == 2)
        }
        check(most <= 12)
        check(match(&tree, bytes("stays")) == [-1])
    }

    @Test func `many subscribers of one prefix come and go`() {
        var tree = SubscriptionTree()
        for subscriber in 0..<10_000 { tree.add(prefix: bytes("all"), subscriber: subscriber) }
        check(match(&tree, bytes("all")).count == 10_000)
        check(tree.nodeCount == 2)
        for subscriber in 0..<10_000 where subscriber % 3 > 0 {
            tree.removeAll(subscriber: subscriber)
        }
        check(match(&tree, bytes("all")) == stride(from: 0, to: 10_000, by: 3).map { $0 })
        for subscriber in 0..<10_000 { tree.removeAll(subscriber: subscriber) }
        check(tree.isEmpty)
    }

    @Test func `one subscriber wants and leaves many prefixes`() {
        var random = SeededGenerator(seed: 22)
        var tree = SubscriptionTree()
        let prefixes = (0..<10_000).map { bytes("sensor/\($0)/") }
        for prefix in prefixes { tree.add(prefix: prefix, subscriber: 1) }
        check(tree.prefixCount == 10_000)
        for prefix in prefixes.shuffled(using: &random) {
            check(tree.remove(prefix: prefix, subscriber: 1))
        }
        check(tree.isEmpty && tree.nodeCount == 1)
    }

    @Test func `a prefix of a megabyte costs nodes in proportion to its bytes`() {
        var tree = SubscriptionTree()
        var random = SeededGenerator(seed: 23)
        let long = (0..<(1 << 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        tree.add(prefix: long, subscriber: 1)
        check(tree.nodeCount <= 1 + long.count / 256 + 1)
        check(match(&tree, long + [1]) == [1])
        check(match(&tree, Array(long.dropLast())) == [])
        // Short prefixes that divide it, again and again, cost no more than themselves.
        for length in stride(from: 1, to: long.count, by: 49_999) {
            let prefix = Array(long.prefix(length))
            tree.add(prefix: prefix, subscriber: 2)
            check(match(&tree, long) == [1, 2])
            tree.remove(prefix: prefix, subscriber: 2)
        }
        check(tree.nodeCount <= 2 * (1 + long.count / 256 + 1))
        tree.removeAll(subscriber: 1)
        check(tree.nodeCount == 1)
    }

    @Test func `prefixes of every length share their bytes`() {
        var tree = SubscriptionTree()
        let all = [UInt8](repeating: 0x61, count: 800)
        for length in 0...800 { tree.add(prefix: Array(all.prefix(length)), subscriber: length) }
        check(match(&tree, all).count == 801)
        check(match(&tree, Array(all.prefix(567))) == Array(0...567))
        for length in stride(from: 0, through: 800, by: 2) { tree.removeAll(subscriber: length) }
        check(match(&tree, all).count == 400)
        for length in 0...800 { tree.removeAll(subscriber: length) }
        check(tree.isEmpty && tree.nodeCount == 1)
    }
}
