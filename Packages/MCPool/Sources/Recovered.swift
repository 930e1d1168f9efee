package import MCMemory

/// A message that came back from a dead connection; a class because arrays hold no noncopyable
/// values.
package final class Recovered: @unchecked Sendable {
    private var message: Message

    package init(_ message: consuming Message) { self.message = message }

    /// Borrows the message.
    package func withMessage<Result: ~Copyable>(
        _ body: (borrowing Message) -> Result
    ) -> Result {
        body(message)
    }
}
