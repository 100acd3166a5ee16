using Microsoft.Playwright;

namespace Backprop.Web.Tests;

/// <summary>Chromium without a window, once for all tests.</summary>
public sealed class Browser : IAsyncLifetime
{
    /// <summary>In milliseconds, for whatever is awaited on a page: pages and runs share their machine with others.</summary>
    private const float Patience = 60_000;

    private IPlaywright? playwright;
    private IBrowser? browser;

    public async ValueTask InitializeAsync()
    {
        Assertions.SetDefaultExpectTimeout(Patience);
        playwright = await Playwright.CreateAsync();
        browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Find(),
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
            Timeout = Patience,
        });
    }

    public async ValueTask DisposeAsync()
    {
        if (browser is not null)
            await browser.DisposeAsync();
        playwright?.Dispose();
    }

    /// <summary>A page of its own, which notes what goes wrong on it.</summary>
    public async Task<(IPage Page, List<string> Wrong)> OpenAsync(Uri address, int width, ColorScheme scheme = ColorScheme.Light)
    {
        IPage page = await browser!.NewPageAsync(new BrowserNewPageOptions
        {
            ViewportSize = new ViewportSize { Width = width, Height = 900 },
            ColorScheme = scheme,
        });
        page.SetDefaultTimeout(Patience);
        List<string> wrong = [];
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning")
                wrong.Add(message.Text);
        };
        page.PageError += (_, error) => wrong.Add(error);
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Authority != address.Authority && !request.Url.StartsWith("data:", StringComparison.Ordinal))
                wrong.Add($"asked elsewhere: {request.Url}");
        };
        await page.GotoAsync(address.ToString());
        return (page, wrong);
    }

    private static string Find() =>
        new[] { Environment.GetEnvironmentVariable("BACKPROP_CHROMIUM"), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome" }
            .FirstOrDefault(File.Exists)
        ?? throw new InvalidOperationException(
            "These tests need Chromium: apt-get install chromium, or name one in BACKPROP_CHROMIUM.");
}
