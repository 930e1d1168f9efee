/// The statuses `mcomm` ends with, for scripts. Wrong arguments end with 64 (EX_USAGE), which the
/// argument parser sets itself; a signal ends it as usual (128 + number in a shell).
public enum ExitStatus: Int32, Sendable {
    /// Everything was done.
    case success = 0
    /// An error, said on standard error: a bad endpoint, an unreadable file, an illegal operation.
    case failure = 1
    /// What arrived is not what was expected: a tensor differs, is missing or came twice.
    case mismatch = 2
    /// The time ran out before everything was sent or received.
    case timedOut = 3

    /// A paragraph for the tool's help.
    public static let help = """
        EXIT STATUS: 0 done; 1 an error; 2 received data differs from what was expected; \
        3 timed out; 64 wrong arguments.
        """
}
