using System.Globalization;
using System.Text;
using Microsoft.DurableTask;

namespace AtomicDevOps.EmbeddedHost.Engine;

/// <summary>The app's converter, which refuses to write what is longer than a payload may be.</summary>
internal sealed class LimitedDataConverter(DataConverter inner, int maxBytes) : DataConverter
{
    private const int MaxBytesOfChar = 3;

    public override string? Serialize(object? value)
    {
        var data = inner.Serialize(value);
        if (data is null || (long)data.Length * MaxBytesOfChar <= maxBytes)
        {
            return data;
        }

        var bytes = Encoding.UTF8.GetByteCount(data);
        return bytes <= maxBytes
            ? data
            : throw new NotSupportedException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"it takes {bytes} bytes, and a payload may take {maxBytes} ({nameof(EmbeddedDurableTaskOptions.MaxPayloadBytes)}). ")
                + "Store it elsewhere, in a file or a blob, and pass a reference to it.");
    }

    public override object? Deserialize(string? data, Type targetType) => inner.Deserialize(data, targetType);
}
