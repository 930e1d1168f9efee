// Proxies and brokers in service groups: `swift-service-lifecycle` behind the package trait
// `ServiceLifecycle`. Without it nobody fetches that package.

#if ServiceLifecycle
public import ServiceLifecycle

// Here and not in a layer of their own, since `run` itself must notice that the group shuts down.
extension Proxy: Service {}
extension LoadBalancingBroker: Service {}

/// Does something; when the service group shuts down meanwhile, or already has, `handler` is called.
func untilShutDown<Result>(
    _ handler: @escaping @Sendable () -> Void, operation: () async -> Result
) async -> Result {
    await withGracefulShutdownHandler(operation: operation, onGracefulShutdown: handler)
}
#else
/// Does something: nothing shuts down here.
func untilShutDown<Result>(
    _ handler: @escaping @Sendable () -> Void, operation: () async -> Result
) async -> Result {
    await operation()
}
#endif
