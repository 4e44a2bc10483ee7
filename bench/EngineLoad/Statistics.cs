namespace AtomicDevOps.EngineLoad;

internal static class Statistics
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }

    /// <summary>The nearest rank: the smallest value that at least this share of all does not exceed.</summary>
    /// <param name="share">Above 0, at most 1.</param>
    public static double Percentile(IEnumerable<double> values, double share)
    {
        var sorted = values.Order().ToArray();
        return sorted[(int)Math.Ceiling(share * sorted.Length) - 1];
    }

    /// <summary>Of the line through the points with the least squares.</summary>
    public static double Slope(IReadOnlyList<(double X, double Y)> points)
    {
        var meanX = points.Average(static point => point.X);
        var meanY = points.Average(static point => point.Y);
        var spread = points.Sum(point => (point.X - meanX) * (point.X - meanX));
        return spread is 0 ? 0 : points.Sum(point => (point.X - meanX) * (point.Y - meanY)) / spread;
    }

    public static double Rounded(double value) => Math.Round(value, value < 10 ? 4 : 1);

    public static double? Rounded(double? value) => value is { } number ? Rounded(number) : null;
}
