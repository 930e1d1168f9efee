/// Why a tensor file could not be read or written.
public struct TensorFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; open, so that kinds can be added.
    public struct Code: Hashable, Sendable {
        private enum Kind: Hashable, Sendable {
            case cannotOpen, cannotWrite, unknownFormat, truncated, malformedHeader
            case unsupportedDType, sizeMismatch, limitExceeded, notExpressible
        }

        private let kind: Kind

        /// The file could not be opened, mapped or read.
        public static let cannotOpen = Self(kind: .cannotOpen)
        /// The file could not be created or written.
        public static let cannotWrite = Self(kind: .cannotWrite)
        /// Neither `.npy` nor `.safetensors`.
        public static let unknownFormat = Self(kind: .unknownFormat)
        /// The file ends before what its header announces.
        public static let truncated = Self(kind: .truncated)
        /// The header breaks the format's rules.
        public static let malformedHeader = Self(kind: .malformedHeader)
        /// An element type that has no name here; never relabelled as another.
        public static let unsupportedDType = Self(kind: .unsupportedDType)
        /// Shape, element size and number of bytes contradict each other.
        public static let sizeMismatch = Self(kind: .sizeMismatch)
        /// A header larger, or nested deeper, than what is accepted.
        public static let limitExceeded = Self(kind: .limitExceeded)
        /// The format cannot say what the tensor is (bfloat16 in `.npy`, for example).
        public static let notExpressible = Self(kind: .notExpressible)
    }

    /// The kind of failure.
    public var code: Code
    /// What is wrong, in words.
    public var message: String
    /// The file, empty where bytes were given instead.
    public var path: String

    /// Makes an error; readers fill in the path.
    public init(_ code: Code, _ message: String, path: String = "") {
        self.code = code
        self.message = message
        self.path = path
    }

    /// The message behind the file's name.
    public var description: String { path.isEmpty ? message : "\(path): \(message)" }
}
