import MCFacade
import MCTestSupport

/// Sockets of ours by libzmq's names, and their options.
enum OurSocket {
    static func open(_ plan: PartPlan, type: String, context: Context) throws -> Socket {
        var options = SocketOptions()
        options.sendTimeoutMilliseconds = plan.number("patience", default: 60_000)
        options.receiveTimeoutMilliseconds = options.sendTimeoutMilliseconds
        options.spinMicroseconds = plan.number("spin", default: -1)
        for (key, value) in plan.options { try set(key, value, in: &options) }
        let socket = try make(type, context, options)
        for (key, value) in plan.options where value == "1" { turnOn(key, socket) }
        for prefix in plan.list("topics") {
            try (socket as? SubSocket)?.subscribe(prefix)
            try (socket as? XSubSocket)?.subscribe(Array(prefix.utf8))
        }
        return socket
    }

    private static func make(
        _ type: String, _ context: Context, _ options: SocketOptions
    ) throws -> Socket {
        switch type {
        case "PUSH": try PushSocket(context: context, options: options)
        case "PULL": try PullSocket(context: context, options: options)
        case "PUB": try PubSocket(context: context, options: options)
        case "SUB": try SubSocket(context: context, options: options)
        case "XPUB": try XPubSocket(context: context, options: options)
        case "XSUB": try XSubSocket(context: context, options: options)
        case "REQ": try ReqSocket(context: context, options: options)
        case "REP": try RepSocket(context: context, options: options)
        case "PAIR": try PairSocket(context: context, options: options)
        case "DEALER": try DealerSocket(context: context, options: options)
        case "ROUTER": try RouterSocket(context: context, options: options)
        default: throw Failure("no socket type \(type)")
        }
    }

    private static func set(
        _ key: String, _ value: String, in options: inout SocketOptions
    ) throws {
        let number = Int(value) ?? 0
        switch key {
        case "SNDHWM": options.sendHighWaterMark = number
        case "RCVHWM": options.receiveHighWaterMark = number
        case "SNDBUF": options.sendBufferBytes = number
        case "RCVBUF": options.receiveBufferBytes = number
        case "RECONNECT_IVL": options.reconnectIntervalMilliseconds = number
        case "RECONNECT_IVL_MAX": options.reconnectIntervalMaxMilliseconds = number
        case "HEARTBEAT_IVL": options.heartbeatIntervalMilliseconds = number
        case "HEARTBEAT_TTL": options.heartbeatTTLMilliseconds = number
        case "HEARTBEAT_TIMEOUT": options.heartbeatTimeoutMilliseconds = number
        case "HANDSHAKE_IVL": options.handshakeIntervalMilliseconds = number
        case "CONNECT_TIMEOUT": options.connectTimeoutMilliseconds = number
        case "TCP_KEEPALIVE": options.tcpKeepAlive = number
        case "TCP_KEEPALIVE_CNT": options.tcpKeepAliveCount = number
        case "TCP_KEEPALIVE_IDLE": options.tcpKeepAliveIdleSeconds = number
        case "TCP_KEEPALIVE_INTVL": options.tcpKeepAliveIntervalSeconds = number
        case "TCP_MAXRT": options.tcpMaximumRetransmitMilliseconds = number
        case "TOS": options.typeOfService = number
        case "BACKLOG": options.backlog = number
        case "MAXMSGSIZE": options.maximumMessageBytes = number
        case "AFFINITY": options.affinity = UInt64(number)
        case "IPV6": options.ipv6 = number == 1
        case "ROUTING_ID": options.routingID = Array(value.utf8)
        case "IMMEDIATE", "ROUTER_MANDATORY", "PROBE_ROUTER", "REQ_CORRELATE", "REQ_RELAXED",
            "XPUB_NODROP":
            // Of single types.
            break
        default: throw Failure("no option \(key)")
        }
    }

    private static func turnOn(_ key: String, _ socket: Socket) {
        switch (key, socket) {
        case ("IMMEDIATE", let socket as PushSocket): socket.queuesForConnectedOnly = true
        case ("IMMEDIATE", let socket as DealerSocket): socket.queuesForConnectedOnly = true
        case ("IMMEDIATE", let socket as ReqSocket): socket.queuesForConnectedOnly = true
        case ("ROUTER_MANDATORY", let socket as RouterSocket): socket.isMandatory = true
        case ("PROBE_ROUTER", let socket as DealerSocket): socket.probesRouters = true
        case ("PROBE_ROUTER", let socket as ReqSocket): socket.probesRouters = true
        case ("REQ_CORRELATE", let socket as ReqSocket): socket.isCorrelated = true
        case ("REQ_RELAXED", let socket as ReqSocket): socket.isRelaxed = true
        case ("XPUB_NODROP", let socket as XPubSocket): socket.waitsForRoom = true
        case ("XPUB_NODROP", let socket as PubSocket): socket.waitsForRoom = true
        default: break
        }
    }
}
