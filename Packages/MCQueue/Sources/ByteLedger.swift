/// How many bytes wait in a queue, for its producer alone: the consumer tells how many messages it has
/// taken, and the producer knows what each of them took up.
///
/// - Thread rule: one thread at a time.
/// - Complexity: O(1) amortised per message; eight bytes for each that waits.
public struct ByteLedger: Sendable {
    /// Bytes up to the end of each message, since the beginning; those before `head` are taken.
    private var ends: [Int] = []
    private var head = 0
    /// The message whose end is at `head`.
    private var first: UInt
    private var total = 0
    private var taken = 0
    private var unfinished = 0

    /// - Parameter messages: how many there have been before, which count as nothing.
    public init(after messages: UInt) { first = messages }

    /// A frame was added.
    public mutating func add(_ bytes: Int, ends isLast: Bool) {
        unfinished += bytes
        guard isLast else { return }
        total += unfinished
        unfinished = 0
        ends.append(total)
    }

    /// The frames of an unfinished message were dropped.
    public mutating func rollback() { unfinished = 0 }

    /// Bytes of the messages that wait, those of an unfinished one included.
    ///
    /// - Parameter messages: how many have been taken, since the beginning.
    public mutating func waiting(taken messages: UInt) -> Int {
        // What was taken of those before the first is nothing to us.
        let gone = min(max(0, Int(bitPattern: messages &- first)), ends.count - head)
        if gone > 0 {
            head += gone
            first &+= UInt(gone)
            taken = ends[head - 1]
            if head == ends.count || (head > 64 && head * 2 > ends.count) {
                ends.removeFirst(head)
                head = 0
            }
        }
        return total - taken + unfinished
    }
}
