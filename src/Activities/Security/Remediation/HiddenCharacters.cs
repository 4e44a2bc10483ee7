using System.Globalization;

namespace AtomicDevOps.Activities.Security.Remediation;

/// <summary>Characters that make code look other than it is: controls, marks of direction, and what has no width.</summary>
internal static class HiddenCharacters
{
    private const char Replacement = '\uFFFD';

    public static bool AreIn(string line) => line.Any(IsHidden) || HasLoneSurrogate(line);

    public static string Show(string line) => AreIn(line) ? string.Concat(line.Select(static character => IsHidden(character) || char.IsSurrogate(character) ? Replacement : character)) : line;

    private static bool IsHidden(char character) =>
        character != '\t'
        && CharUnicodeInfo.GetUnicodeCategory(character)
            is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse;

    private static bool HasLoneSurrogate(string line)
    {
        for (var index = 0; index < line.Length; index++)
        {
            if (char.IsSurrogate(line[index]))
            {
                if (index + 1 >= line.Length || !char.IsSurrogatePair(line[index], line[index + 1]))
                {
                    return true;
                }

                index++;
            }
        }

        return false;
    }
}
