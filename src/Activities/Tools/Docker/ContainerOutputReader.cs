using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace AtomicDevOps.Activities.Tools.Docker;

/// <summary>
/// Reads a container's output as the engine sends it: as it is where the container has a terminal, else in frames
/// (https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach): a byte for the stream, three zeros,
/// the length in four bytes, then the data. Frames are handed on in pieces, so that their length costs no memory.
/// </summary>
internal static class ContainerOutputReader
{
    private const int HeaderLength = 8;
    private const int PieceLength = 64 * 1024;

    public static async IAsyncEnumerable<ContainerOutput> ReadAsync(Stream stream, bool framed, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[PieceLength];
        if (!framed)
        {
            for (int read; (read = await stream.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                yield return new ContainerOutput(OutputSource.Output, buffer.AsMemory(0, read));
            }

            yield break;
        }

        var header = new byte[HeaderLength];
        while (true)
        {
            var length = await stream.ReadAtLeastAsync(header, HeaderLength, throwOnEndOfStream: false, cancellationToken);
            if (length == 0)
            {
                yield break;
            }

            if (length < HeaderLength || header[0] > (byte)OutputSource.Error || header[1] != 0 || header[2] != 0 || header[3] != 0)
            {
                throw new InvalidDataException("The output is not framed as the Docker Engine API says.");
            }

            var source = (OutputSource)header[0];
            for (var left = (long)BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)); left > 0;)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
                if (read == 0)
                {
                    throw new EndOfStreamException("The output ended in the middle of a frame.");
                }

                left -= read;
                yield return new ContainerOutput(source, buffer.AsMemory(0, read));
            }
        }
    }
}
