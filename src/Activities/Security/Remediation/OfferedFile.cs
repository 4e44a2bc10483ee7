namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>A file as a model sees it: its secrets masked, and only some lines of it.</summary>
/// <param name="Path">From the repository's root, with <c>/</c>.</param>
/// <param name="Masked">As many lines as <paramref name="Source"/> has.</param>
/// <param name="FirstLine">The first line that is shown, from 1 on.</param>
/// <param name="LastLine">The last one, included.</param>
internal sealed record OfferedFile(string Path, SourceText Source, IReadOnlyList<string> Masked, SecretMask Mask, int FirstLine, int LastLine)
{
    /// <summary>Offers a file whole.</summary>
    public static OfferedFile Whole(string path, string content, SecretMask? mask = null)
    {
        var source = SourceText.Parse(content);
        mask ??= new SecretMask();
        return new OfferedFile(path, source, mask.Mask(source, new HashSet<int>()), mask, 1, source.Lines.Count);
    }
}
