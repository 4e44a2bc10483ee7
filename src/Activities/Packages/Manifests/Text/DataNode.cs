using System.Runtime.InteropServices;

namespace AtomicDevOps.Activities.Packages.Manifests.Text;

/// <summary>A value of a document of data, with its place in the text.</summary>
/// <param name="Line">From 1 on.</param>
/// <param name="Span">Where in the text it stands, a scalar with its quotes; null where it stands in several places.</param>
internal abstract record DataNode(int Line, TextSpan? Span);

/// <param name="Start">The offset of the first character.</param>
/// <param name="End">The offset after the last one.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct TextSpan(int Start, int End);

/// <param name="Value">The text without quotes and escapes, or the number as written.</param>
internal sealed record DataScalar(string Value, bool IsString, int Line, TextSpan? Span) : DataNode(Line, Span);

internal sealed record DataList(int Line, TextSpan? Span) : DataNode(Line, Span)
{
    public List<DataNode> Items { get; } = [];

    /// <summary>Whether another list under the same name is more of this one.</summary>
    public bool IsOpen { get; init; }
}

internal sealed record DataTable(int Line, TextSpan? Span) : DataNode(Line, Span)
{
    /// <summary>In the order of the text.</summary>
    public List<(string Key, int Line, DataNode Value)> Entries { get; } = [];

    private readonly Dictionary<string, DataNode> _byKey = new(StringComparer.Ordinal);

    public DataNode? this[string key] => _byKey.GetValueOrDefault(key);

    /// <summary>The value at the end of a path of tables.</summary>
    public DataNode? Find(params ReadOnlySpan<string> path)
    {
        DataNode? node = this;
        foreach (var key in path)
        {
            node = (node as DataTable)?[key];
        }

        return node;
    }

    public DataTable? Table(params ReadOnlySpan<string> path) => Find(path) as DataTable;

    /// <summary>The tables of a list, or none.</summary>
    public IEnumerable<DataTable> Tables(string key) => (this[key] as DataList)?.Items.OfType<DataTable>() ?? [];

    /// <summary>The string under a key; null where there is none, or something else.</summary>
    public string? Text(string key) => this[key] is DataScalar { IsString: true } scalar ? scalar.Value : null;

    /// <exception cref="FormatException">The key is there already.</exception>
    public void Add(string key, int line, DataNode value)
    {
        if (!_byKey.TryAdd(key, value))
        {
            throw new FormatException($"Line {line} has '{(key.Length > 80 ? $"{key[..80]}…" : key)}' a second time; right would be once.");
        }

        Entries.Add((key, line, value));
    }
}
