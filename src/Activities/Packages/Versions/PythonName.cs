using System.Text;

namespace AtomicDevOps.Activities.Packages.Versions;

/// <summary>Names of Python packages: https://packaging.python.org/en/latest/specifications/name-normalization/.</summary>
public static class PythonName
{
    /// <summary>Lower case, with one <c>-</c> for every run of <c>-</c>, <c>_</c> and <c>.</c>.</summary>
    public static string Normalize(string name)
    {
        var normal = new StringBuilder(name.Length);
        foreach (var letter in name)
        {
            if (letter is not ('-' or '_' or '.'))
            {
                normal.Append(char.ToLowerInvariant(letter));
            }
            else if (normal.Length == 0 || normal[^1] is not '-')
            {
                normal.Append('-');
            }
        }

        return normal.ToString();
    }
}
