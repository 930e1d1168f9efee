import Testing
@testable import MCTransportInproc
