using System.Text;
using System.Text.Json;

namespace AtomicDevOps.Activities.Packages.Manifests.Text;

/// <summary>Reads JSON, up to 64 levels deep.</summary>
internal static class JsonReader
{
    private const int MostLevels = 64;

    /// <exception cref="FormatException">It is no JSON object; the message says where and why.</exception>
    public static DataTable Read(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var places = new Places(bytes);
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MostLevels, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            reader.Read();
            var root = ReadValue(ref reader, places);
            return reader.Read() || root is not DataTable table
                ? throw new FormatException("This is no JSON object; right would be one in braces.")
                : table;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new FormatException($"This is no JSON: {exception.Message}", exception);
        }
    }

    private static DataNode ReadValue(ref Utf8JsonReader reader, Places places)
    {
        var (line, start) = places.At(reader.TokenStartIndex);
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var table = new DataTable(line, Span: null);
                while (reader.Read() && reader.TokenType is not JsonTokenType.EndObject)
                {
                    var key = reader.GetString()!;
                    var (keyLine, _) = places.At(reader.TokenStartIndex);
                    reader.Read();
                    table.Add(key, keyLine, ReadValue(ref reader, places));
                }

                return table;
            case JsonTokenType.StartArray:
                var list = new DataList(line, Span: null);
                while (reader.Read() && reader.TokenType is not JsonTokenType.EndArray)
                {
                    list.Items.Add(ReadValue(ref reader, places));
                }

                return list;
            default:
                var isString = reader.TokenType is JsonTokenType.String;
                var value = isString ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
                return new DataScalar(value, isString, line, new TextSpan(start, places.At(reader.BytesConsumed).Offset));
        }
    }

    /// <summary>Lines and offsets in characters of ever later offsets in bytes.</summary>
    private sealed class Places(byte[] bytes)
    {
        private int _at;
        private int _line = 1;
        private int _offset;

        public (int Line, int Offset) At(long place)
        {
            for (; _at < place; _at++)
            {
                _line += bytes[_at] is (byte)'\n' ? 1 : 0;

                // What goes on in a second byte and those after is the same character; four bytes are two characters in UTF-16.
                _offset += (bytes[_at] & 0xC0) == 0x80 ? 0 : bytes[_at] >= 0xF0 ? 2 : 1;
            }

            return (_line, _offset);
        }
    }
}
