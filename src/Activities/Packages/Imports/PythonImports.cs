using System.Text;
using System.Text.RegularExpressions;

namespace AtomicDevOps.Activities.Packages.Imports;

/// <summary>The modules that Python source imports by its statements, but for relative ones and those that only type checkers see.</summary>
internal static partial class PythonImports
{
    private const int MostStatementCharacters = 4_000;

    public static IEnumerable<string> Read(string text)
    {
        int? typing = null;
        foreach (var (column, statement) in Statements(text))
        {
            if (column > typing)
            {
                continue;
            }

            typing = TypeChecking().IsMatch(statement) ? column : null;
            var match = statement.Contains("TYPE_CHECKING", StringComparison.Ordinal) ? Match.Empty : Import().Match(statement);
            if (!match.Success)
            {
                continue;
            }

            foreach (var module in match.Groups["modules"].Value.Split(',').Select(FirstWord).Where(static module => module.Length > 0))
            {
                yield return module;
            }

            if (match.Groups["from"] is { Success: true, Value: var from })
            {
                yield return from;
                foreach (var name in match.Groups["names"].Value.Split([',', '(', ')'], StringSplitOptions.RemoveEmptyEntries).Select(FirstWord).Where(static name => name.Length > 0))
                {
                    yield return $"{from}.{name}";
                }
            }
        }
    }

    private static string FirstWord(string text) => text.Split((char[]?)null, 2, StringSplitOptions.RemoveEmptyEntries) is [var word, ..] ? word : string.Empty;

    /// <summary>Each with the column that its line begins in. Comments are left out, and texts are two quotes.</summary>
    private static IEnumerable<(int Column, string Text)> Statements(string text)
    {
        var statement = new StringBuilder();
        var (depth, column, isAtStart) = (0, 0, true);
        for (var index = 0; index <= text.Length; index++)
        {
            var character = index < text.Length ? text[index] : '\n';
            switch (character)
            {
                case '#':
                    index = EndOfLine(text, index) - 1;
                    break;
                case '\'' or '"':
                    index = EndOfText(text, index) - 1;
                    statement.Append("\"\"");
                    isAtStart = false;
                    break;
                case '\\' when index + 1 < text.Length && text[index + 1] is '\n' or '\r':
                    index += text[index + 1] == '\r' && index + 2 < text.Length && text[index + 2] == '\n' ? 2 : 1;
                    statement.Append(' ');
                    break;
                case '\n' or ';' when depth <= 0 || index == text.Length:
                    if (statement.Length > 0)
                    {
                        yield return (column, statement.ToString().Trim());
                    }

                    statement.Clear();
                    depth = 0;
                    (column, isAtStart) = character == '\n' ? (0, true) : (column, false);
                    break;
                case ' ' or '\t' when isAtStart:
                    column++;
                    break;
                default:
                    isAtStart = false;
                    depth += character is '(' or '[' or '{' ? 1 : character is ')' or ']' or '}' ? -1 : 0;
                    if (statement.Length < MostStatementCharacters && !(char.IsWhiteSpace(character) && statement.Length > 0 && statement[^1] == ' '))
                    {
                        statement.Append(char.IsWhiteSpace(character) ? ' ' : character);
                    }

                    break;
            }
        }
    }

    private static int EndOfLine(string text, int start) => text.IndexOf('\n', start) is >= 0 and var end ? end : text.Length;

    /// <summary>After the closing quote; at the end of the line where there is none.</summary>
    private static int EndOfText(string text, int start)
    {
        var quote = text[start];
        var isLong = start + 2 < text.Length && text[start + 1] == quote && text[start + 2] == quote;
        for (var index = start + (isLong ? 3 : 1); index < text.Length; index++)
        {
            if (text[index] == '\\')
            {
                index++;
            }
            else if (text[index] == '\n' && !isLong)
            {
                return index;
            }
            else if (text[index] == quote && (!isLong || (index + 2 < text.Length && text[index + 1] == quote && text[index + 2] == quote)))
            {
                return index + (isLong ? 3 : 1);
            }
        }

        return text.Length;
    }

    [GeneratedRegex(@"^(?:[a-z][^:]*:\s*)?(?:import\s{1,2}(?<modules>[\w.,\s]+)|from\s{1,2}(?<from>\w[\w.]*)\s{1,2}import(?<names>[\w.,()*\s]+))$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex Import();

    [GeneratedRegex(@"^if\s+(?:\w+\.)?TYPE_CHECKING\s*:$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 10_000)]
    private static partial Regex TypeChecking();
}
