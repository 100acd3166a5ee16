using System.Reflection;

namespace Backprop.Coordinator.Dashboard;

/// <summary>A file of the page, kept within the program.</summary>
/// <param name="Path">Where it stands on the server.</param>
internal sealed record PageFile(string Path, string ContentType, byte[] Content)
{
    public static IReadOnlyList<PageFile> All { get; } =
    [
        Read("/", "index.html", "text/html; charset=utf-8"),
        Read("/page.css", "page.css", "text/css; charset=utf-8"),
        Read("/page.js", "page.js", "text/javascript; charset=utf-8"),
        Read("/icon.svg", "icon.svg", "image/svg+xml"),
        Read("/uplot/uPlot.iife.min.js", "uplot/uPlot.iife.min.js", "text/javascript; charset=utf-8"),
        Read("/uplot/uPlot.min.css", "uplot/uPlot.min.css", "text/css; charset=utf-8"),
        Read("/uplot/LICENSE", "uplot/LICENSE", "text/plain; charset=utf-8"),
    ];

    private static PageFile Read(string path, string name, string contentType)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("page/" + name)
            ?? throw new InvalidOperationException($"The program was built without its page's file {name}.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return new PageFile(path, contentType, bytes.ToArray());
    }
}
