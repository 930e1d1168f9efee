import MCFacade

/// Makes sockets by the name of their type. The measuring tools do without: their loops call the
/// typed sockets directly.
enum SocketFactory {
    /// A socket that sends; nil for PULL and SUB.
    static func sender(
        _ kind: SocketKind, _ options: SocketOptions
    ) throws(SocketError) -> (any SendingSocket)? {
        switch kind {
        case .push: try PushSocket(options: options)
        case .pub: try PubSocket(options: options)
        default: try both(kind, options)
        }
    }

    /// A socket that receives; nil for PUSH and PUB. A SUB receives what one of `subscriptions`
    /// is a prefix of.
    static func receiver(
        _ kind: SocketKind, _ options: SocketOptions, subscriptions: [String] = [""]
    ) throws(SocketError) -> (any ReceivingSocket)? {
        switch kind {
        case .pull: return try PullSocket(options: options)
        case .sub:
            let socket = try SubSocket(options: options)
            for prefix in subscriptions { try socket.subscribe(prefix) }
            return socket
        default: return try both(kind, options)
        }
    }

    /// A socket that sends and receives; nil for the types that do only one of both.
    static func both(
        _ kind: SocketKind, _ options: SocketOptions
    ) throws(SocketError) -> (any SendingSocket & ReceivingSocket)? {
        switch kind {
        case .req: try ReqSocket(options: options)
        case .rep: try RepSocket(options: options)
        case .pair: try PairSocket(options: options)
        case .dealer: try DealerSocket(options: options)
        case .router: try RouterSocket(options: options)
        case .push, .pull, .pub, .sub: nil
        }
    }
}
