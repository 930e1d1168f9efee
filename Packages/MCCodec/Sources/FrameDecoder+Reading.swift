import MCMemory

/// The decoder's memory: where the next bytes are read to, and what is given back.
extension FrameDecoder {
    /// Room for the next read; never empty unless a finished body was not taken with `next`.
    ///
    /// - Throws: `outOfMemory` when there is none for what is arriving.
    public mutating func prepareRead() throws(CodecError) -> UnsafeMutableRawBufferPointer {
        if var block = large {
            if largeFilled == block.capacity, largeFilled < largeBytes {
                let capacity = min(largeBytes, block.capacity * 2)
                guard let larger = Heap.grow(block, capacity: capacity, used: largeFilled) else {
                    throw CodecError(.outOfMemory)
                }
                block = larger
                large = block
            }
            return unsafe UnsafeMutableRawBufferPointer(
                start: block.payload + largeFilled,
                count: min(block.capacity, largeBytes) - largeFilled)
        }
        if begin == end, chunk != nil, slices == 0 {
            begin = 0
            end = 0
        }
        if let chunk, chunk.capacity >= chunkBytes / 2,
            room(of: chunk) >= max(FrameDecoder.smallestChunk / 2, chunk.capacity / 4)
        {
            return unsafe space(in: chunk)
        }
        return unsafe space(in: try replaceChunk())
    }

    private func room(of chunk: Block) -> Int { chunk.capacity - FrameDecoder.slack - end }

    private func space(in chunk: Block) -> UnsafeMutableRawBufferPointer {
        unsafe UnsafeMutableRawBufferPointer(
            start: chunk.payload + end, count: min(room(of: chunk), readLimit))
    }

    /// A fresh chunk with the undecoded tail of the old one at its beginning.
    private mutating func replaceChunk() throws(CodecError) -> Block {
        let tail = end - begin
        // Room for the tail (a body below the direct limit, and its header) and as much again.
        let wanted = max(chunkBytes, 2 * tail + FrameDecoder.smallestChunk)
        let capacity = min(wanted, max(limits.readBytes, tail * 2))
        guard let fresh = Block.allocateIfPossible(capacity: capacity) else {
            throw CodecError(.outOfMemory)
        }
        if let old = chunk, tail > 0 {
            unsafe fresh.payload.copyMemory(from: old.payload + begin, byteCount: tail)
        }
        dropChunk()
        fresh.retain(FrameDecoder.charge - 1)
        chunk = fresh
        begin = 0
        end = tail
        return fresh
    }

    mutating func dropChunk() {
        if let chunk { chunk.release(FrameDecoder.charge - slices) }
        chunk = nil
        slices = 0
        begin = 0
        end = 0
    }

    /// Says that `count` bytes were read into the room that `prepareRead` gave.
    public mutating func didRead(_ count: Int) {
        if large != nil {
            largeFilled += count
            return
        }
        guard let chunk else { return }
        let full = count >= min(room(of: chunk), readLimit)
        end += count
        readLimit = Int.max
        if full && chunkBytes < limits.readBytes {
            chunkBytes = min(limits.readBytes, chunkBytes * 4)
        }
    }

    /// Ends a reading turn: a connection that is idle keeps no chunk, one in the middle of a small
    /// frame keeps no more than the bytes of it.
    public mutating func settle() {
        guard let old = chunk else { return }
        let tail = end - begin
        if tail == 0 {
            dropChunk()
        } else if tail <= FrameDecoder.movedTail, old.capacity > 4 * tail {
            // Without memory for less, the connection keeps what it has.
            guard let small = Block.allocateIfPossible(capacity: tail + FrameDecoder.slack) else {
                return
            }
            unsafe small.payload.copyMemory(from: old.payload + begin, byteCount: tail)
            dropChunk()
            small.retain(FrameDecoder.charge - 1)
            chunk = small
            end = tail
        }
        if tail == 0 { chunkBytes = max(FrameDecoder.smallestChunk, chunkBytes / 2) }
    }

    /// Takes over bytes that were read with the handshake and belong to the traffic.
    ///
    /// - Throws: `outOfMemory`.
    public mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(CodecError) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            let room = unsafe try prepareRead()
            precondition(
                unsafe !room.isEmpty, "a finished body is taken with next() before more is fed")
            let count = min(room.count, rest.count)
            unsafe room.baseAddress.unsafelyUnwrapped.copyMemory(
                from: rest.baseAddress.unsafelyUnwrapped, byteCount: count)
            didRead(count)
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}
