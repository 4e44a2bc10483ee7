using System.Buffers;
using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using AtomicDevOps.Activities.Tools;

namespace AtomicDevOps.Activities.Security.Json;

/// <summary>
/// Walks through a JSON document of any size in a buffer of fixed size. Of strings that do not fit into it only the beginning is kept; every other limit that is
/// passed ends the walk.
/// </summary>
internal sealed class JsonCursor
{
    private const int BufferBytes = 128 * 1024;
    private const int KeptBytes = 32 * 1024;

    private static readonly SearchValues<byte> Separators = SearchValues.Create(" \t\r\n,:"u8);

    private readonly Stream _source;
    private readonly long _mostBytes;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private JsonReaderState _state;
    private int _start;
    private int _end;
    private int _valueStart;
    private int _valueLength;
    private bool _escaped;
    private bool _isFinal;
    private long _bytes;

    /// <param name="source">UTF-8, or UTF-16 that begins with its mark or an ASCII character.</param>
    public JsonCursor(Stream source, long mostBytes, int mostLevels)
    {
        _mostBytes = mostBytes;
        _state = new JsonReaderState(new JsonReaderOptions { MaxDepth = mostLevels });
        while (_end < 4 && source.Read(_buffer, _end, 4 - _end) is > 0 and var read)
        {
            _end += read;
        }

        _source = (_end >= 2 ? (_buffer[0], _buffer[1]) : default) switch
        {
            (0xFF, 0xFE) => Transcode(source, Encoding.Unicode, mark: 2),
            (0xFE, 0xFF) => Transcode(source, Encoding.BigEndianUnicode, mark: 2),
            ( > 0, 0) => Transcode(source, Encoding.Unicode, mark: 0),
            (0, > 0) => Transcode(source, Encoding.BigEndianUnicode, mark: 0),
            _ => source,
        };
        if (_end >= 3 && _buffer.AsSpan(0, 3).SequenceEqual(Encoding.UTF8.Preamble))
        {
            _start = 3;
        }

        _bytes = _end;
    }

    public JsonTokenType Token { get; private set; }

    public int Depth { get; private set; }

    /// <returns>Whether there was another token.</returns>
    public bool Read()
    {
        while (true)
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isFinal, _state);
            var found = reader.Read();
            Keep(ref reader, found);
            if (found || _isFinal)
            {
                return found;
            }

            Fill();
        }
    }

    /// <summary>To the end of the value that begins at the token.</summary>
    public void Skip()
    {
        if (Token is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
        {
            return;
        }

        var depth = Depth;
        while (true)
        {
            var reader = new Utf8JsonReader(_buffer.AsSpan(_start, _end - _start), _isFinal, _state);
            var found = false;
            while (!found && reader.Read())
            {
                found = reader.CurrentDepth == depth;
            }

            Keep(ref reader, found);
            if (found)
            {
                return;
            }

            Fill();
        }
    }

    /// <summary>Hands each member's name to the action, with the cursor at its value, which the action has to read or skip. Null has none.</summary>
    public void Members(string what, Action<string> member)
    {
        if (Token == JsonTokenType.Null)
        {
            return;
        }

        if (Token != JsonTokenType.StartObject)
        {
            throw Wrong(what, "an object");
        }

        while (Read() && Token == JsonTokenType.PropertyName)
        {
            var name = Text();
            Read();
            member(name);
        }
    }

    /// <summary>Goes through each item with the cursor at its value, which the action has to read or skip. Null has none.</summary>
    public void Items(string what, Action item)
    {
        if (Token == JsonTokenType.Null)
        {
            return;
        }

        if (Token != JsonTokenType.StartArray)
        {
            throw Wrong(what, "a list");
        }

        while (Read() && Token != JsonTokenType.EndArray)
        {
            item();
        }
    }

    public string? String(string what) => Token switch
    {
        JsonTokenType.String => Text(),
        JsonTokenType.Null => null,
        _ => throw Wrong(what, "text"),
    };

    public int? Integer(string what)
    {
        if (Token == JsonTokenType.Null)
        {
            return null;
        }

        return Token == JsonTokenType.Number && Utf8Number(out var number) ? number : throw Wrong(what, "a whole number");
    }

    public bool? Boolean(string what) => Token switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.Null => null,
        _ => throw Wrong(what, "true or false"),
    };

    /// <summary>The token's own characters: a string's text, or a number as it is written. What is no Unicode is replaced.</summary>
    public string Text()
    {
        var value = Encoding.UTF8.GetString(_buffer, _valueStart, _valueLength);
        return _escaped ? Unescape(value) : value;
    }

    public FormatException Wrong(string what, string right) => new($"{what} is {Name(Token)}; right would be {right}.");

    private static string Name(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => "text",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        _ => "missing",
    };

    private static string Unescape(string value)
    {
        var text = new StringBuilder(value.Length);
        for (var index = 0; index < value.Length; index++)
        {
            if (value[index] != '\\' || index + 1 >= value.Length)
            {
                text.Append(value[index]);
                continue;
            }

            index++;
            text.Append(value[index] switch
            {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                'b' => '\b',
                'f' => '\f',
                'u' => Unit(value, ref index),
                var other => other,
            });
        }

        return text.ToString();
    }

    private static char Unit(string value, ref int index)
    {
        var unit = (char)Convert.ToUInt16(value.Substring(index + 1, 4), 16);
        index += 4;
        return unit;
    }

    private Stream Transcode(Stream source, Encoding encoding, int mark)
    {
        var start = new MemoryStream(_buffer[mark.._end]);
        _end = 0;
        return Encoding.CreateTranscodingStream(new JoinedStream(start, source), encoding, Encoding.UTF8, leaveOpen: true);
    }

    private bool Utf8Number(out int number) =>
        Utf8Parser.TryParse(_buffer.AsSpan(_valueStart, _valueLength), out number, out var consumed) && consumed == _valueLength;

    private void Keep(ref Utf8JsonReader reader, bool found)
    {
        if (found)
        {
            Token = reader.TokenType;
            Depth = reader.CurrentDepth;
            var quoted = Token is JsonTokenType.String or JsonTokenType.PropertyName ? 1 : 0;
            _valueStart = _start + (int)reader.TokenStartIndex + quoted;
            _valueLength = reader.ValueSpan.Length;
            _escaped = reader.ValueIsEscaped;
        }

        _start += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
    }

    private void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (_end == _buffer.Length)
        {
            CutString();
            return;
        }

        var read = Take(_buffer.AsSpan(_end));
        _end += read;
        _isFinal = read == 0;
    }

    private int Take(Span<byte> target)
    {
        var read = _source.Read(target);
        _bytes += read;
        return _bytes <= _mostBytes ? read : throw new FormatException($"It has more than {_mostBytes} bytes; at most that many are read.");
    }

    /// <summary>Closes a string that does not fit into the buffer after its first part, and goes on after its real end.</summary>
    private void CutString()
    {
        var quote = _buffer.AsSpan().IndexOfAnyExcept(Separators);
        if (quote < 0 || _buffer[quote] != (byte)'"')
        {
            throw new FormatException($"It has a token of more than {BufferBytes} bytes that is no text.");
        }

        var kept = quote + 1;
        var index = kept;
        while (_buffer[index] != (byte)'"' && index < quote + KeptBytes)
        {
            index += _buffer[index] == (byte)'\\' ? _buffer[index + 1] == (byte)'u' ? 6 : 2 : 1;
            if ((_buffer[index] & 0xC0) != 0x80)
            {
                kept = index;
            }
        }

        while (true)
        {
            var found = _buffer.AsSpan(index, _end - index).IndexOfAny((byte)'"', (byte)'\\');
            index = found < 0 ? _end : index + found;
            var isEscape = index < _end && _buffer[index] == (byte)'\\';
            if (index < _end && !isEscape)
            {
                break;
            }

            index += isEscape ? 2 : 0;
            while (index >= _end)
            {
                index = kept + (index - _end);
                var read = Take(_buffer.AsSpan(kept));
                _end = kept + read;
                if (read == 0)
                {
                    throw new FormatException("It ends within a text.");
                }
            }
        }

        _buffer.AsSpan(index, _end - index).CopyTo(_buffer.AsSpan(kept));
        _end = kept + (_end - index);
        if (_end == _buffer.Length)
        {
            throw new FormatException($"It has more than {BufferBytes} bytes of white space at once.");
        }
    }

    private sealed class JoinedStream(Stream first, Stream second) : ReadOnlyStream
    {
        public override int Read(byte[] buffer, int offset, int count) => first.Read(buffer, offset, count) is > 0 and var read ? read : second.Read(buffer, offset, count);
    }
}
