/// The three ways to receive. A socket is used in one of them; the first use decides.
enum ReceiveStyle: Sendable {
    case polling
    case callback
    case async

    /// What a user calls it, for errors.
    var description: String {
        switch self {
        case .polling: "polling (receive, tryReceive)"
        case .callback: "a callback (onMessage)"
        case .async: "async iteration (await receive, messages)"
        }
    }
}
