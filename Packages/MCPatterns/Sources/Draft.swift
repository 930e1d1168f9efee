package final class SubscriptionTree { 
  var subs: [(prefix: [UInt8], s: Int)] = []
  func add(prefix: UnsafeRawBufferPointer, subscriber: Int) -> Bool { subs.append((Array(prefix), subscriber)); return true }
  func remove(prefix: UnsafeRawBufferPointer, subscriber: Int) -> Bool { let a = Array(prefix); if let i = subs.firstIndex(where: { $0.prefix == a && $0.s == subscriber}) { subs.remove(at: i); return true }; return false }
  func removeAll(subscriber: Int) { subs.removeAll { $0.s == subscriber } }
  func match(topic: UnsafeRawBufferPointer, visit: (Int) -> Void) { for s in subs where topic.starts(with: s.prefix) { visit(s.s) } }
}
