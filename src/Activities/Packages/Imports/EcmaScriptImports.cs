namespace AtomicDevOps.Activities.Packages.Imports;

/// <summary>The packages that JavaScript or TypeScript imports by name: <c>import</c>, <c>export … from</c>, <c>import()</c> and <c>require()</c>, but for imports of types alone.</summary>
internal static class EcmaScriptImports
{
    public static IEnumerable<string> Read(string text)
    {
        var (last, before) = (string.Empty, string.Empty);
        var isType = false;
        for (var index = 0; index < text.Length; index++)
        {
            var character = text[index];
            if (char.IsWhiteSpace(character))
            {
                continue;
            }

            if (character == '/' && index + 1 < text.Length && text[index + 1] is '/' or '*')
            {
                index = EndOfComment(text, index) - 1;
                continue;
            }

            string token;
            if (character is '\'' or '"' or '`')
            {
                var end = EndOfText(text, index);
                var value = text[(index + 1)..Math.Max(index + 1, end - 1)];
                var isImport = last is "import" || (last is "from" && !isType) || (last is "(" && before is "require" or "import");
                if (isImport && character != '`' && PackageOf(value) is { } package)
                {
                    yield return package;
                }

                isType = isType && last is not "from";
                index = end - 1;
                token = "\"";
            }
            else if (character == '/' && IsBeforePattern(last))
            {
                index = EndOfPattern(text, index) - 1;
                token = "\"";
            }
            else if (IsPartOfName(character))
            {
                var start = index;
                while (index + 1 < text.Length && IsPartOfName(text[index + 1]))
                {
                    index++;
                }

                token = text[start..(index + 1)];
                isType = token switch
                {
                    "import" or "export" => false,
                    "type" when last is "import" or "export" => true,
                    // import type from "x" and import type, { a } from "x" import what is called type.
                    "from" when last is "type" && before is "import" => false,
                    _ => isType,
                };
            }
            else
            {
                isType = isType && !(character == ',' && last is "type" && before is "import") && character != ';';
                token = character.ToString();
            }

            (before, last) = (last, token);
        }
    }

    private static string? PackageOf(string specifier)
    {
        if (specifier.Length == 0 || specifier[0] is '.' or '/' or '#' || specifier.Contains(':', StringComparison.Ordinal))
        {
            return null;
        }

        var parts = specifier.Split('/');
        return specifier[0] != '@' ? parts[0] : parts.Length > 1 ? $"{parts[0]}/{parts[1]}" : null;
    }

    private static bool IsPartOfName(char character) => char.IsLetterOrDigit(character) || character is '_' or '$';

    /// <summary>Whether a slash behind a token begins a regular expression, and is no division.</summary>
    private static bool IsBeforePattern(string token) =>
        token.Length == 0 || token is "return" or "typeof" or "case" or "in" or "of" || (token is not (")" or "]" or "}" or "\"") && !IsPartOfName(token[0]));

    private static int EndOfComment(string text, int start)
    {
        var isLine = text[start + 1] == '/';
        var end = text.IndexOf(isLine ? "\n" : "*/", start + 2, StringComparison.Ordinal);
        return end < 0 ? text.Length : isLine ? end : end + 2;
    }

    /// <summary>After the closing quote; at the end of the line where there is none.</summary>
    private static int EndOfText(string text, int start)
    {
        for (var index = start + 1; index < text.Length; index++)
        {
            if (text[index] == '\\')
            {
                index++;
            }
            else if (text[index] == text[start])
            {
                return index + 1;
            }
            else if (text[index] == '\n' && text[start] != '`')
            {
                return index;
            }
        }

        return text.Length;
    }

    private static int EndOfPattern(string text, int start)
    {
        var isClass = false;
        for (var index = start + 1; index < text.Length; index++)
        {
            switch (text[index])
            {
                case '\\':
                    index++;
                    break;
                case '[' or ']':
                    isClass = text[index] == '[';
                    break;
                case '/' when !isClass:
                    return index + 1;
                case '\n':
                    return index;
                default:
                    break;
            }
        }

        return text.Length;
    }
}
