import Testing
@testable import MCTransport
