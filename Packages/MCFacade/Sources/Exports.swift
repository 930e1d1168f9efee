// What a user of the facade writes without importing the layers below by name.
@_exported public import enum MCCodec.ByteOrder
@_exported public import struct MCCodec.CodecError
@_exported public import enum MCCodec.DType
@_exported public import struct MCCodec.TensorDescriptor
@_exported public import enum MCCodec.TensorLayout
@_exported public import struct MCMemory.Frame
@_exported public import struct MCMemory.Message
@_exported public import enum MCPatterns.SubscriptionVerbosity
@_exported public import struct MCPool.IOThreadSettings
@_exported public import struct MCPool.PeerDescription
@_exported public import struct MCPool.PeerNotices
@_exported public import struct MCPool.ReconnectStop
@_exported public import struct MCPool.SocketError
@_exported public import struct MCPool.SocketEvent
@_exported public import class MCPool.SocketMonitor
