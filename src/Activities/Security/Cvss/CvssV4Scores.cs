namespace AtomicDevOps.Activities.Security.Cvss;

/// <summary>
/// The scores of the macro vectors, as https://www.first.org/cvss/v4.0/specification-document publishes them in the lookup table of its reference calculator.
/// </summary>
internal static class CvssV4Scores
{
    /// <summary>
    /// By the first four sets; within a row by the fifth and sixth: 00, 01, 10, 11, 20, 21. Where the third is 2, the sixth is always 1, and the row is 01, 11, 21.
    /// </summary>
    private static readonly Dictionary<int, decimal[]> Rows = new()
    {
        [0] = [10m, 9.9m, 9.8m, 9.5m, 9.5m, 9.2m],
        [1] = [10m, 9.6m, 9.3m, 8.7m, 9.1m, 8.1m],
        [2] = [9.3m, 9m, 8.9m, 8m, 8.1m, 6.8m],
        [10] = [9.8m, 9.5m, 9.5m, 9.2m, 9m, 8.4m],
        [11] = [9.3m, 9.2m, 8.9m, 8.1m, 8.1m, 6.5m],
        [12] = [8.8m, 8m, 7.8m, 7m, 6.9m, 4.8m],
        [20] = [9.2m, 8.2m, 7.2m],
        [21] = [7.9m, 6.9m, 5m],
        [22] = [6.9m, 5.5m, 2.7m],
        [100] = [9.9m, 9.7m, 9.5m, 9.2m, 9.2m, 8.5m],
        [101] = [9.5m, 9.1m, 9m, 8.3m, 8.4m, 7.1m],
        [102] = [9.2m, 8.1m, 8.2m, 7.1m, 7.2m, 5.3m],
        [110] = [9.5m, 9.3m, 9.2m, 8.5m, 8.5m, 7.3m],
        [111] = [9.2m, 8.2m, 8m, 7.2m, 7m, 5.9m],
        [112] = [8.4m, 7m, 7.1m, 5.2m, 5m, 3m],
        [120] = [8.6m, 7.5m, 5.2m],
        [121] = [7.1m, 5.2m, 2.9m],
        [122] = [6.3m, 2.9m, 1.7m],
        [1000] = [9.8m, 9.5m, 9.4m, 8.7m, 9.1m, 8.1m],
        [1001] = [9.4m, 8.9m, 8.6m, 7.4m, 7.7m, 6.4m],
        [1002] = [8.7m, 7.5m, 7.4m, 6.3m, 6.3m, 4.9m],
        [1010] = [9.4m, 8.9m, 8.8m, 7.7m, 7.6m, 6.7m],
        [1011] = [8.6m, 7.6m, 7.4m, 5.8m, 5.9m, 5m],
        [1012] = [7.2m, 5.7m, 5.7m, 5.2m, 5.2m, 2.5m],
        [1020] = [8.3m, 7m, 5.4m],
        [1021] = [6.5m, 5.8m, 2.6m],
        [1022] = [5.3m, 2.1m, 1.3m],
        [1100] = [9.5m, 9m, 8.8m, 7.6m, 7.6m, 7m],
        [1101] = [9m, 7.7m, 7.5m, 6.2m, 6.1m, 5.3m],
        [1102] = [7.7m, 6.6m, 6.8m, 5.9m, 5.2m, 3m],
        [1110] = [8.9m, 7.8m, 7.6m, 6.7m, 6.2m, 5.8m],
        [1111] = [7.4m, 5.9m, 5.7m, 5.7m, 4.7m, 2.3m],
        [1112] = [6.1m, 5.2m, 5.7m, 2.9m, 2.4m, 1.6m],
        [1120] = [7.1m, 5.9m, 3m],
        [1121] = [5.8m, 2.6m, 1.5m],
        [1122] = [2.3m, 1.3m, 0.6m],
        [2000] = [9.3m, 8.7m, 8.6m, 7.2m, 7.5m, 5.8m],
        [2001] = [8.6m, 7.4m, 7.4m, 6.1m, 5.6m, 3.4m],
        [2002] = [7m, 5.4m, 5.2m, 4m, 4m, 2.2m],
        [2010] = [8.5m, 7.5m, 7.4m, 5.5m, 6.2m, 5.1m],
        [2011] = [7.2m, 5.7m, 5.5m, 4.1m, 4.6m, 1.9m],
        [2012] = [5.3m, 3.6m, 3.4m, 1.9m, 1.9m, 0.8m],
        [2020] = [6.4m, 5.1m, 2m],
        [2021] = [4.7m, 2.1m, 1.1m],
        [2022] = [2.4m, 0.9m, 0.4m],
        [2100] = [8.8m, 7.5m, 7.3m, 5.3m, 6m, 5m],
        [2101] = [7.3m, 5.5m, 5.9m, 4m, 4.1m, 2m],
        [2102] = [5.4m, 4.3m, 4.5m, 2.2m, 2m, 1.1m],
        [2110] = [7.5m, 5.5m, 5.8m, 4.5m, 4m, 2.1m],
        [2111] = [6.1m, 5.1m, 4.8m, 1.8m, 2m, 0.9m],
        [2112] = [4.6m, 1.8m, 1.7m, 0.7m, 0.8m, 0.2m],
        [2120] = [5.3m, 2.4m, 1.4m],
        [2121] = [2.4m, 1.2m, 0.5m],
        [2122] = [1m, 0.3m, 0.1m],
    };

    /// <summary>Null for a macro vector that does not exist.</summary>
    public static decimal? Find(MacroVector macro)
    {
        if (macro is { Set2: > 1 } or { Set3: > 2 } or { Set4: > 2 } or { Set5: > 2 } or { Set6: > 1 } or { Set3: 2, Set6: 0 }
            || !Rows.TryGetValue((macro.Set1 * 1000) + (macro.Set2 * 100) + (macro.Set3 * 10) + macro.Set4, out var row))
        {
            return null;
        }

        return macro.Set3 == 2 ? row[macro.Set5] : row[(macro.Set5 * 2) + macro.Set6];
    }
}
