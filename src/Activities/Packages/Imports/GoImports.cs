namespace AtomicDevOps.Activities.Packages.Imports;

/// <summary>The packages that a Go file imports.</summary>
internal static class GoImports
{
    public static IEnumerable<string> Read(string text)
    {
        var (isImport, isBlock) = (false, false);
        for (var index = 0; index < text.Length; index++)
        {
            var character = text[index];
            if (character == '/' && index + 1 < text.Length && text[index + 1] is '/' or '*')
            {
                var isLine = text[index + 1] == '/';
                var end = text.IndexOf(isLine ? "\n" : "*/", index + 2, StringComparison.Ordinal);
                index = end < 0 ? text.Length : isLine ? end - 1 : end + 1;
            }
            else if (character is '"' or '`')
            {
                var end = text.IndexOf(character, index + 1);
                if (end < 0)
                {
                    yield break;
                }

                if (isImport)
                {
                    yield return text[(index + 1)..end];
                    isImport = isBlock;
                }

                index = end;
            }
            else if (character is '(' or ')' && isImport)
            {
                isBlock = character == '(';
                isImport = isBlock;
            }
            else if (char.IsAsciiLetter(character))
            {
                var start = index;
                while (index + 1 < text.Length && (char.IsAsciiLetterOrDigit(text[index + 1]) || text[index + 1] == '_'))
                {
                    index++;
                }

                var word = text.AsSpan(start, index - start + 1);
                if (!isImport && word is "func" or "type" or "var" or "const")
                {
                    // Imports come before all else.
                    yield break;
                }

                isImport |= word is "import";
            }
        }
    }
}
